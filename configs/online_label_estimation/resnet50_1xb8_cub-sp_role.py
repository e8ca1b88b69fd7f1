# ROLE, Cole et al. (CVPR 2021, arXiv 2106.09708), single positives on the attributes of CUB. An image has
# many attributes, 31.4 in their code. All other settings are as in resnet50_1xb16_coco-sp_role.py.
_base_ = ['../_base_/protocols/cub_single_positive.py', '../_base_/methods/online_label_estimation_loss.py']

# Frequently modified parameters
num_images = 5994  # of the label store
expected_positives = 31.4

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
