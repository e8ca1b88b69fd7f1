# CSL, Ben-Baruch et al. (CVPR 2022, arXiv 2110.10955), COCO 2014 with half of all labels unknown (RPS 0.5).
# First train the ignore run, configs/partial_bce/resnet50_8xb8_coco-rps50_ignore.py.
_base_ = ['../_base_/protocols/coco_half_known.py', '../_base_/methods/class_aware_selective_loss.py']

model = dict(
    head=dict(
        loss=dict(
            _base_.loss,
            likelihood_topk=5,  # the default of the authors' code
            prior_threshold=0.5,  # as in the authors' code for RPS 0.5
            class_prior='work_dirs/resnet50_8xb8_coco-rps50_ignore/class_prior.json',  # matched by class name
            reduction='sum',  # as in the authors' code, like the learning rate
        )
    )
)
