# CSL, Ben-Baruch et al. (CVPR 2022, arXiv 2110.10955), COCO 2014 with 1,000 positives and 1,000 negatives of
# each class known (FPC 1000). No class prior is used, because an estimated prior is unreliable if a fixed
# number of labels per class is known; this choice is ours.
_base_ = ['../_base_/protocols/coco_fpc1000.py', '../_base_/methods/class_aware_selective_loss.py']

model = dict(
    head=dict(
        loss=dict(
            _base_.loss,
            likelihood_topk=5,  # the default of the authors' code
            gamma_neg=3,  # as in the paper for FPC 1000
            prior_threshold=None,  # no prior
            reduction='sum',  # as in the authors' code, like the learning rate
        )
    )
)
