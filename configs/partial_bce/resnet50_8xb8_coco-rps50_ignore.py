# The temporary model of CSL, Ben-Baruch et al. (CVPR 2022, arXiv 2110.10955), COCO 2014 with half of all
# labels unknown and ignored. It writes the class prior for
# configs/class_aware_selective/resnet50_8xb8_coco-rps50_csl.py.
_base_ = ['../_base_/protocols/coco_half_known.py', '../_base_/methods/class_prior_tracking_loss.py']

model = dict(
    head=dict(
        loss=dict(
            _base_.loss,
            loss=dict(_base_.loss.loss, reduction='sum'),  # as in the authors' code, like the learning rate
        )
    )
)
