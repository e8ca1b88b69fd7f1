# Imbalanced, fully labeled digits: ASL with the settings of its paper.
_base_ = [
    '../_base_/datasets/digits.py', '../_base_/models/small_conv_net.py', '../_base_/schedules/digits_20e.py',
    '../_base_/digits_runtime.py'
]

model = dict(
    head=dict(
        loss=dict(
            _delete_=True,
            type='PartialAsymmetricLoss',
            gamma_pos=0,
            gamma_neg=4,
            clip=0.05,
            eps=1e-8)))
