# Imbalanced, fully labeled digits: binary cross-entropy, with images of rare classes repeated.
_base_ = [
    '../_base_/datasets/digits.py', '../_base_/models/small_conv_net.py', '../_base_/schedules/digits_20e.py',
    '../_base_/digits_runtime.py'
]

# Frequently modified parameters
threshold = 0.1  # classes that fewer than this share of the images show are repeated

train_dataloader = dict(sampler=dict(_delete_=True, type='RepeatFactorSampler', threshold=threshold))
