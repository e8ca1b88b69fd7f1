# Pseudo-labels, label statistics and label-space reduction after Zhang et al. 2023 (arXiv 2308.00166), of which
# we had only the abstract: methods, data and fractions are ours.
title = 'Pseudo-labels and label statistics over the fraction of known labels'
description = (
    'Zhang et al. (2023) train with pseudo-labels for unknown labels, a loss that uses label statistics, and a '
    'label space that shrinks. This experiment compares our versions of these parts with ignoring unknown '
    'labels, with linear heads on frozen features of photographs and 10 to 90 percent of the labels known.'
)
_fractions = ['rps:0.9', 'rps:0.7', 'rps:0.5', 'rps:0.3', 'rps:0.1']
data = dict(corel5k=_fractions, clothing_attributes=_fractions)
methods = [
    'binary_cross_entropy',
    'statistics_balanced_loss',
    'pseudo_label_loss',
    'pseudo_label_loss_averaged',
    'pseudo_label_loss_statistics',
    'prior_matched_pseudo_label_loss',
    'soft_label_loss',
    'soft_label_loss_statistics',
]
yardstick = 'binary_cross_entropy'
num_seeds = 3
num_trials = 1
figures = ['curves']
