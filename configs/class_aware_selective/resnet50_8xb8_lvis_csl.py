# CSL, Ben-Baruch et al. (CVPR 2022, arXiv 2110.10955), LVIS v1. We found no numbers or code of the authors
# for LVIS, so the exponents are those for COCO, RPS 0.5. First train the ignore run,
# configs/partial_bce/resnet50_8xb8_lvis_ignore.py.
_base_ = ['../_base_/protocols/lvis_one_cycle.py', '../_base_/methods/class_aware_selective_loss.py']

model = dict(
    head=dict(
        loss=dict(
            _base_.loss,
            likelihood_topk=5,  # the default of the authors' code
            class_prior='work_dirs/resnet50_8xb8_lvis_ignore/class_prior.json',  # matched by class name
            reduction='sum',  # as in the authors' code for COCO, like the learning rate
        )
    )
)
