# Imbalanced, fully labeled digits: binary cross-entropy weighted by the effective number of positives.
_base_ = [
    '../_base_/datasets/digits.py', '../_base_/models/small_conv_net.py', '../_base_/schedules/digits_20e.py',
    '../_base_/digits_runtime.py'
]

model = dict(
    head=dict(
        loss=dict(
            _delete_=True,
            type='ClassBalancedLoss',
            scheme='effective_number',
            loss=dict(type='PartialAsymmetricLoss'))))
