# Data and comparisons after Duarte et al. (CVPRW 2021, arXiv 2105.10782), of which the construction of
# MultiMNIST, the rate and the other numbers were not available. MultiMNIST needs its files in data/mnist,
# CIFAR in data/cifar10 and data/cifar100, see docs/datasets.md.
title = 'Partial Label Masking with long-tailed classes'
description = (
    'Duarte et al. (2021) compare Partial Label Masking with losses for imbalanced classes on MultiMNIST, '
    'CIFAR-10 and CIFAR-100. All labels are known. The networks are smaller than the ResNet-32 of the paper: '
    'this experiment does not test its numbers. partial_label_masking_loss starts as in the paper, _uniform '
    'has our start, rate and reduction, and _expected has expected weights instead of drawn masks.'
)
_settings = ['as_annotated']
data = dict(
    multi_mnist_factor_10=_settings,
    multi_mnist_factor_50=_settings,
    multi_mnist_factor_100=_settings,
    cifar10_small_conv_net=_settings,
    cifar100_small_conv_net=_settings,
)
base_configs = {
    f'multi_mnist_factor_{factor}': dict(
        config='multi_mnist_all_known',
        values={'train_dataloader.dataset.imbalance_factor': factor},
    )
    for factor in (10, 50, 100)
}
methods = [
    'binary_cross_entropy',
    'statistics_balanced_loss',
    'focal_loss',
    'class_balanced_loss_focal',
    'ldam_loss_sigmoid',
    'partial_label_masking_loss',
    'partial_label_masking_loss_uniform',
    'partial_label_masking_loss_expected',
    'partial_label_masking_loss_focal',
]
yardstick = 'binary_cross_entropy'
num_seeds = 3
num_trials = 1
metrics = ['mAP', 'mAP_head', 'mAP_middle', 'mAP_tail', 'top1', 'macro_f1', 'macro_f1_chosen']
metrics += [f'{name}_{group}' for name in ('f1', 'recall') for group in ('head', 'middle', 'tail')]
