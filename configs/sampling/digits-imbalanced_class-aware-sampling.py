# Imbalanced, fully labeled digits: binary cross-entropy, with every class drawn equally often.
_base_ = [
    '../_base_/datasets/digits.py', '../_base_/models/small_conv_net.py', '../_base_/schedules/digits_20e.py',
    '../_base_/digits_runtime.py'
]

train_dataloader = dict(sampler=dict(_delete_=True, type='ClassAwareSampler'))
