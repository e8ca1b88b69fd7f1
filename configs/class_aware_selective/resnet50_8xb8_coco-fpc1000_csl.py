# CSL, Ben-Baruch et al. (CVPR 2022, arXiv 2110.10955), COCO 2014 with 1,000 positives and 1,000 negatives of
# each class known (FPC 1000). No class prior: where a fixed number of labels per class is known, an estimated
# one cannot be trusted; that is ours.
_base_ = ['../_base_/protocols/coco_fpc1000.py', '../_base_/methods/class_aware_selective_loss.py']

model = dict(
    head=dict(
        loss=dict(
            _base_.loss,
            gamma_neg=3,  # the paper's for FPC 1000
            prior_threshold=None,  # no prior
            reduction='sum',  # as the authors; the learning rate is theirs
        )
    )
)
