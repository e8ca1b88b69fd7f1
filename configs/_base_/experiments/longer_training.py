# The losses of the experiment on Partial Label Masking after a longer training, because its 20 epochs are too
# few for the yardstick. MultiMNIST needs its files in data/mnist, see docs/datasets.md.
title = 'Losses for long-tailed classes after a longer training'
description = (
    'A loss can seem better than another one only because it learns faster. These are losses of the experiment '
    'on Partial Label Masking with an imbalance factor of 100, after two and four times as many epochs. The '
    'learning rate ends at zero in each of them.'
)
_epochs = (40, 80)
base_configs = {
    f'multi_mnist_factor_100_{epochs}_epochs': dict(
        config='multi_mnist_all_known',
        values={'train_cfg.max_epochs': epochs, 'param_scheduler.total_steps': epochs},
    )
    for epochs in _epochs
}
data = {name: ['as_annotated'] for name in base_configs}
methods = [
    'binary_cross_entropy',
    'statistics_balanced_loss',
    'focal_loss',
    'class_balanced_loss_focal',
    'partial_label_masking_loss_uniform',
    'partial_label_masking_loss_expected',
    'partial_label_masking_loss_focal',
]
yardstick = 'binary_cross_entropy'
num_seeds = 3
num_trials = 1
metrics = ['mAP', 'mAP_head', 'mAP_tail', 'macro_f1', 'macro_f1_chosen']
