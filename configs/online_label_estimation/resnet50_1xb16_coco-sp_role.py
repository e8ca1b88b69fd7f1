# ROLE, Cole et al. (CVPR 2021, arXiv 2106.09708), single positives on COCO 2014; the 2.9 positives per image
# are those of their code. Their variant that first trains only the last layer is not included.
_base_ = ['../_base_/protocols/coco_single_positive.py', '../_base_/methods/online_label_estimation_loss.py']

# Frequently modified parameters
num_images = 82783  # of the label store, including images that filter_cfg excludes
expected_positives = 2.9

model = dict(
    head=dict(
        _base_.head,
        loss=dict(
            _base_.loss,
            num_images=num_images,
            num_classes=_base_.num_classes,
            expected_positives=expected_positives,
        ),
    )
)

optim_wrapper = dict(paramwise_cfg=_base_.paramwise_cfg)
