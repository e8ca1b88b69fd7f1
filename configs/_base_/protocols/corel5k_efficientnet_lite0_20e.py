# Corel5k with twice the number of epochs; otherwise as corel5k_efficientnet_lite0.py.
_base_ = 'corel5k_efficientnet_lite0.py'

# Frequently modified parameters
max_epochs = 20

param_scheduler = [
    dict(type='LinearLR', start_factor=0.04, by_epoch=True, begin=0, end=1, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', T_max=max_epochs, by_epoch=True, convert_to_iter_based=True),
]

train_cfg = dict(max_epochs=max_epochs)
