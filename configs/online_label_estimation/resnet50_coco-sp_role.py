# ROLE, Cole et al. (CVPR 2021, arXiv 2106.09708), single positives on COCO 2014. From their code: 2.9 positives an image, and ten
# times the learning rate and no weight decay for the estimates. Their variant that first trains the last layer alone is left out.
_base_ = '../_base_/protocols/coco_single_positive.py'

# Frequently modified parameters
num_images = 82783  # of the label store, also those without positives that filter_cfg leaves out
expected_positives = 2.9

model = dict(
    head=dict(
        loss=dict(
            _delete_=True,
            type='OnlineLabelEstimationLoss',
            num_images=num_images,
            num_classes={{_base_.num_classes}},
            expected_positives=expected_positives,
            reduction='mean')))

optim_wrapper = dict(paramwise_cfg=dict(custom_keys=dict(label_logits=dict(lr_mult=10, decay_mult=0))))
