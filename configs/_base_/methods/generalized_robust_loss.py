# GR, Chen et al. (IJCAI 2024, arXiv 2405.03501). All numbers are those of their code; pairs are values of the
# first and of the last epoch.
loss = dict(
    type='GeneralizedRobustLoss',
    slope=(0.0, 2.0),  # slope of P(positive) of an unknown label over its logit
    offset=(-2.0, -2.0),  # offset of the same probability
    mean=(0.5, 0.8),  # mean of the Gaussian weight of an element over its probability
    deviation=(2.0, 0.5),  # deviation of this Gaussian
    positive_exponent=0.01,  # exponent of the robust loss of positives
    negative_exponent=1.0,  # exponent of the robust loss of negatives
    reduction='mean',
)

search_space = {'loss.slope': [(0.0, 2.0), (0.0, 10.0)], 'loss.offset': [(-2.0, -2.0), (-2.0, -8.0)]}
