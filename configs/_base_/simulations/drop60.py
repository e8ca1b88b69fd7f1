# Missing positives, Zhang et al. 2021 (arXiv 2112.07368): positives become negatives, and 40 % of them
# remain. The random selection is ours; the authors publish lists.
simulation = dict(
    type='SimulatePartialLabels',
    protocol='drop_positives',
    probability=0.6,  # probability of a positive to become a negative
    seed=0,  # seed of the missing positives
)
