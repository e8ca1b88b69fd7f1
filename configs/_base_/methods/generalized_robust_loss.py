# GR, Chen et al. (IJCAI 2024, arXiv 2405.03501). All numbers are those of their code; pairs are values of the
# first and of the last epoch.
loss = dict(
    type='GeneralizedRobustLoss',
    slope=(0.0, 2.0),  # of the estimated chance of an unknown label to be positive, over its logit
    offset=(-2.0, -2.0),  # of the same chance
    mean=(0.5, 0.8),  # of the weight of an element, a Gaussian of its probability
    deviation=(2.0, 0.5),  # of the same Gaussian
    positive_exponent=0.01,  # of the robust loss of positives
    negative_exponent=1.0,  # of the robust loss of negatives
    reduction='mean',
)
