# Imbalanced, fully labeled digits: binary cross-entropy, with images drawn by one over the square root of their classes.
_base_ = [
    '../_base_/datasets/digits.py', '../_base_/models/small_conv_net.py', '../_base_/schedules/digits_20e.py',
    '../_base_/digits_runtime.py'
]

train_dataloader = dict(
    sampler=dict(_delete_=True, type='ClassWeightedSampler', scheme='inverse_square_root', reduction='mean'))
