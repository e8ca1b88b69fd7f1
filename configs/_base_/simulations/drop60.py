# Missing positives, Zhang et al. 2021 (arXiv 2112.07368): positives become negatives, and 40 % of them are
# left. Which ones is ours: they publish lists.
simulation = dict(
    type='SimulatePartialLabels',
    protocol='drop_positives',
    probability=0.6,  # of a positive to be missing
    seed=0,  # which positives are missing
)
