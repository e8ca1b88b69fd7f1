# The experiments with networks that are trained from scratch compare methods after 20 epochs. This one tells
# whether the yardstick would still become better.
title = 'Binary cross-entropy over the length of the training'
description = (
    'Comparisons of losses are fair only if the yardstick is trained long enough. Data sets without a number '
    'of epochs in their names have 20, as in the experiments of this page. The learning rate ends at zero in '
    'each of them.'
)
_settings = ['as_annotated']
_epochs = (5, 10, 40)
_protocols = ('multi_mnist_all_known', 'cifar10_small_conv_net', 'cifar100_small_conv_net')
base_configs = {
    f'{name}_{epochs}_epochs': dict(
        config=name, values={'train_cfg.max_epochs': epochs, 'param_scheduler.total_steps': epochs}
    )
    for name in _protocols
    for epochs in _epochs
}
data = {name: _settings for name in sorted([*_protocols, *base_configs])}
methods = ['binary_cross_entropy']
yardstick = 'binary_cross_entropy'
num_seeds = 3
num_trials = 1
metrics = ['mAP', 'mAP_tail', 'top1', 'macro_f1', 'macro_f1_chosen']
