# A fixed number of labels per class (FPC), Ben-Baruch et al. (CVPR 2022, arXiv 2110.10955): 1,000 positives
# and 1,000 negatives of each class remain known.
simulation = dict(
    type='SimulatePartialLabels',
    protocol='fpc',
    num_labels=1000,  # number of known positives and of known negatives per class
    seed=0,  # seed of the hidden labels
)
