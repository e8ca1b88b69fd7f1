# Parts of Partial Label Masking (Duarte et al., CVPRW 2021, arXiv 2105.10782), one at a time.
title = 'Parts of Partial Label Masking'
description = (
    'Each variant of Partial Label Masking differs in one number from partial_label_masking_loss_uniform: the '
    'start of the ideal ratios, their rate, the divergence that moves them, or the reduction, and drawn masks '
    'against expected weights. The data are those of MultiMNIST with an imbalance factor of 100 in the '
    'experiment above.'
)
data = dict(multi_mnist_factor_100=['as_annotated'])
base_configs = dict(
    multi_mnist_factor_100=dict(
        config='multi_mnist_all_known',
        values={'train_dataloader.dataset.imbalance_factor': 100},
    )
)
_ours = 'partial_label_masking_loss_uniform'
variants = dict(
    start_class=dict(method=_ours, values={'loss.initial_ideal_ratio': 'class'}),
    rate_0=dict(method=_ours, values={'loss.rate': 0.0}),
    rate_001=dict(method=_ours, values={'loss.rate': 0.01}),
    rate_05=dict(method=_ours, values={'loss.rate': 0.5}),
    reduction_mean_images=dict(method=_ours, values={'loss.reduction': 'mean_images'}),
    divergence_true_to_predicted=dict(method=_ours, values={'loss.divergence': 'true_to_predicted'}),
)
methods = [
    'binary_cross_entropy',
    'partial_label_masking_loss',
    'partial_label_masking_loss_uniform',
    'partial_label_masking_loss_expected',
    *variants,
]
yardstick = 'binary_cross_entropy'
num_seeds = 3
num_trials = 1
metrics = ['mAP', 'mAP_tail', 'top1', 'macro_f1', 'macro_f1_chosen', 'f1_tail', 'recall_tail']
