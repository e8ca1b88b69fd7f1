# CSL, Ben-Baruch et al. (CVPR 2022, arXiv 2110.10955), LVIS v1. The authors publish no numbers or code for
# LVIS that were at hand: the exponents are those for COCO, RPS 0.5. The ignore run,
# configs/partial_bce/resnet50_8xb8_lvis_ignore.py, comes first.
_base_ = ['../_base_/protocols/lvis_one_cycle.py', '../_base_/methods/class_aware_selective_loss.py']

model = dict(
    head=dict(
        loss=dict(
            _base_.loss,
            class_prior='work_dirs/resnet50_8xb8_lvis_ignore/class_prior.json',  # matched by class name
            reduction='sum',  # as the authors for COCO; the learning rate is that for COCO
        )
    )
)
