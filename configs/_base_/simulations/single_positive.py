# Single positives, Cole et al. (CVPR 2021, arXiv 2106.09708): of each image one positive label, drawn at
# random, is known and nothing else.
simulation = dict(
    type='SimulatePartialLabels',
    protocol='single_positive',
    seed=0,  # which label is known
)
