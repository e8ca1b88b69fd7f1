# Imbalanced, fully labeled digits: focal loss.
_base_ = [
    '../_base_/datasets/digits.py', '../_base_/models/small_conv_net.py', '../_base_/schedules/digits_20e.py',
    '../_base_/digits_runtime.py'
]

model = dict(
    head=dict(
        loss=dict(
            _delete_=True,
            type='PartialAsymmetricLoss',
            gamma_pos=2,
            gamma_neg=2,
            detach_focus=False,
            eps=0)))
