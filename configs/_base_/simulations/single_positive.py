# Single positives, Cole et al. (CVPR 2021, arXiv 2106.09708): one random positive label of each image is
# known, and all other labels are unknown.
simulation = dict(
    type='SimulatePartialLabels',
    protocol='single_positive',
    seed=0,  # seed of the known labels
)
