# CSL, Ben-Baruch et al. (CVPR 2022, arXiv 2110.10955), LVIS v1. The authors publish no numbers or code for LVIS that were at hand:
# exponents are those for COCO, RPS 0.5, likelihood_topk and prior_threshold the defaults of their code. The ignore run comes first.
_base_ = '../partial_bce/resnet50_lvis_ignore.py'

# Frequently modified parameters
class_prior = 'work_dirs/resnet50_lvis_ignore/class_prior.json'  # matched by class name
likelihood_topk = 5
prior_threshold = 0.05

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
