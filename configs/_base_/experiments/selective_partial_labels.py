# Selective losses over the fraction of known labels, as figures 6 and 7 of Ben-Baruch et al. (CVPR 2022, arXiv
# 2110.10955) do on COCO. The data, the fractions and the variants of CSL are ours.
title = 'Selective losses over the fraction of known labels'
description = (
    'Ben-Baruch et al. (CVPR 2022) compare what a loss does with unknown labels on COCO: it ignores them, it '
    'takes them as negatives, or it selects some of them (CSL), by the class prior and by the likelihood of '
    'each label. Labels are hidden at random (RPS), or a fixed number of positives and negatives per class '
    'stays (FPC). This experiment repeats the comparison with linear heads on frozen features of photographs.'
)
_fractions = ['rps:0.1', 'rps:0.3', 'rps:0.5', 'rps:0.7', 'rps:0.9', 'rps:0.95', 'fpc:5', 'fpc:20', 'fpc:80']
data = dict(corel5k=_fractions, clothing_attributes=_fractions)
methods = [
    'binary_cross_entropy',  # ignores unknown labels
    'assume_negative_loss',
    'partial_asymmetric_loss',  # ignores unknown labels
    'partial_asymmetric_loss_negative',
    'class_aware_selective_loss',
    'class_aware_selective_loss_no_prior',
    'class_aware_selective_loss_no_likelihood',
]
variants = dict(
    partial_asymmetric_loss_negative=dict(
        method='partial_asymmetric_loss', values={'loss.unknown': 'negative'}
    ),
    class_aware_selective_loss_no_prior=dict(
        method='class_aware_selective_loss', values={'loss.prior_threshold': None}
    ),
    class_aware_selective_loss_no_likelihood=dict(
        method='class_aware_selective_loss', values={'loss.likelihood_topk': 0}
    ),
)
yardstick = 'binary_cross_entropy'
num_seeds = 3
num_trials = 1
priors = ['binary_cross_entropy', 'assume_negative_loss']
figures = ['curves', 'prior']
