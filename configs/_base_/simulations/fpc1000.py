# A fixed number of labels per class (FPC), Ben-Baruch et al. (CVPR 2022, arXiv 2110.10955): 1,000 positives
# and 1,000 negatives of each class stay known.
simulation = dict(
    type='SimulatePartialLabels',
    protocol='fpc',
    num_labels=1000,  # known positives, and known negatives, of each class
    seed=0,  # which labels are hidden
)
