# The temporary model of CSL, Ben-Baruch et al. (CVPR 2022, arXiv 2110.10955), LVIS v1. It writes the class
# prior for configs/class_aware_selective/resnet50_8xb8_lvis_csl.py.
_base_ = ['../_base_/protocols/lvis_one_cycle.py', '../_base_/methods/class_prior_tracking_loss.py']

model = dict(
    head=dict(
        loss=dict(
            _base_.loss,
            # The reduction and the learning rate are those of the authors' code for COCO.
            loss=dict(_base_.loss.loss, reduction='sum'),
        )
    )
)
