# Partial Label Masking with the start of the paper: each class's own ratio, so that the first epoch masks nothing, and a small
# rate. In our trials this hardly moved anything.
_base_ = [
    '../_base_/datasets/digits.py', '../_base_/models/small_conv_net.py', '../_base_/schedules/digits_20e.py',
    '../_base_/digits_runtime.py'
]

model = dict(
    head=dict(
        loss=dict(
            _delete_=True,
            type='PartialLabelMaskingLoss',
            initial_ideal_ratio='class',
            reduction='mean_images',
            rate=0.01,
            loss=dict(type='PartialAsymmetricLoss', unknown='ignore'))))
