# CSL, Ben-Baruch et al. (CVPR 2022, arXiv 2110.10955), COCO 2014 with half of all labels unknown (RPS 0.5). Exponents, likelihood_topk and
# prior_threshold are those of the authors' code for RPS 0.5; for FPC 1000 see resnet50_coco-fpc1000_csl.py.
# Everything else, and what is ours, as in the ignore run, which comes first.
_base_ = '../partial_bce/resnet50_coco-rps50_ignore.py'

# Frequently modified parameters
class_prior = 'work_dirs/resnet50_coco-rps50_ignore/class_prior.json'  # matched by class name
likelihood_topk = 5
prior_threshold = 0.5

model = dict(
    head=dict(
        loss=dict(
            _delete_=True,
            type='ClassAwareSelectiveLoss',
            gamma_pos=0,
            gamma_neg=1,
            gamma_unknown=4,
            likelihood_topk=likelihood_topk,
            topk_scope='batch',
            prior_threshold=prior_threshold,
            class_prior=class_prior,
            reduction='sum')))
