# Class weights from label counts, after Zhang et al. 2023 (arXiv 2308.00166): positives are weighted by
# negatives / positives of their class. All numbers are ours.
_base_ = 'binary_cross_entropy.py'

loss = dict(
    _delete_=True,
    type='StatisticsBalancedLoss',
    max_weight=10,  # largest weight of a class
    normalize=False,  # weights positives only; True normalizes the mean weight of each class to 1
    loss=_base_.loss,
)

search_space = {'loss.max_weight': [3, 10, 30]}
