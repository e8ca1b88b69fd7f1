# Half of the labels unknown, and none of the negatives used: a table of label estimates is learnt beside the model.
_base_ = [
    '../_base_/datasets/digits_rps50.py', '../_base_/models/small_conv_net.py', '../_base_/schedules/digits_20e.py',
    '../_base_/digits_runtime.py'
]

# Estimates are kept by sample id, which this head passes on; num_images is the length of the training set.
model = dict(
    head=dict(
        type='PartialLabelLinearClsHead',
        loss=dict(
            _delete_=True,
            type='OnlineLabelEstimationLoss',
            num_images=2000,
            num_classes=10,
            expected_positives=2.5,
            reduction='mean')))

# Ten times the learning rate and no weight decay for the estimates, as published.
optim_wrapper = dict(paramwise_cfg=dict(custom_keys=dict(label_logits=dict(lr_mult=10, decay_mult=0))))
