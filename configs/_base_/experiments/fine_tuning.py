# Refit of the head after a network was trained end to end. Pretrained weights are in
# checkpoints/efficientnet_lite0.pth, see docs/datasets.md.
title = 'The refit of the head after end-to-end training'
description = (
    'On frozen features, the refit gains little with many labels. This experiment trains all weights of a '
    'pretrained EfficientNet-Lite0 with crops of 96 pixels. Two lengths of the training tell whether it is long '
    'enough.'
)
data = dict(
    corel5k_efficientnet_lite0_20e=['as_annotated', 'rps:0.9', 'fpc:20'],
    corel5k_efficientnet_lite0=['as_annotated', 'rps:0.9', 'fpc:20'],
)
base_configs = dict(
    corel5k_efficientnet_lite0_20e=dict(
        config='corel5k_efficientnet_lite0',
        values={'train_cfg.max_epochs': 20, 'param_scheduler.1.T_max': 20},
    )
)
_trained = [
    'binary_cross_entropy',
    'assume_negative_loss',
    'statistics_balanced_loss',
    'class_aware_selective_loss',
]
_refit = [dict(type='RefitHeadHook')]
variants = {f'{name}_refit': dict(method=name, hooks=_refit) for name in _trained}
methods = [*_trained, *variants]
yardstick = 'binary_cross_entropy'
num_seeds = 1
num_trials = 1
