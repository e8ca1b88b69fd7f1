# Random partial labels (RPS), Ben-Baruch et al. (CVPR 2022, arXiv 2110.10955): every label of every training
# image is hidden with probability 0.5.
simulation = dict(
    type='SimulatePartialLabels',
    protocol='rps',
    probability=0.5,  # probability of a label to become unknown
    seed=0,  # seed of the hidden labels
)
