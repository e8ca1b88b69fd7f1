# Imbalanced, fully labeled digits: Partial Label Masking from a uniform ideal ratio, each class divided by its kept share.
# Both are ours; configs/partial_label_masking/digits-imbalanced_plm-class-start.py starts as the paper does.
_base_ = [
    '../_base_/datasets/digits.py', '../_base_/models/small_conv_net.py', '../_base_/schedules/digits_20e.py',
    '../_base_/digits_runtime.py'
]

model = dict(
    head=dict(
        loss=dict(
            _delete_=True,
            type='PartialLabelMaskingLoss',
            initial_ideal_ratio='uniform',
            reduction='kept_per_class',
            rate=0.1,
            loss=dict(type='PartialAsymmetricLoss', unknown='ignore'))))
