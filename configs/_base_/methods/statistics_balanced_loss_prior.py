# Class weights from label counts and an estimated class prior, after Zhang et al. 2023 (arXiv 2308.00166), for
# labels of which the annotators chose how many are positive: with as many positives as negatives per class, the
# counts alone give no weights. All numbers are ours.
_base_ = 'statistics_balanced_loss.py'

loss = dict(class_prior=None)  # the class_prior.json that tools/estimate_class_prior.py writes, by class name

requires = dict(class_prior='binary_cross_entropy')
