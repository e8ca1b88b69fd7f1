# Distribution-balanced focal loss, Wu et al. (ECCV 2020, arXiv 2007.09654). The numbers and the mean are
# those of their code for COCO-MLT.
loss = dict(
    type='DistributionBalancedLoss',
    alpha=0.1,  # smallest rebalancing weight
    beta=10.0,  # steepness of the rebalancing weight
    gamma=0.2,  # input at which the rebalancing weight is half of its range
    initial_bias=0.05,  # factor of the bias of each class
    negative_scale=2.0,  # scale of the logits of negatives
    focusing=2.0,  # focusing exponent
    focal_weight=2.0,  # factor of the focal loss
    reduction='mean',
)

search_space = {'loss.gamma': [0.1, 0.2, 0.3], 'loss.negative_scale': [1.0, 2.0, 5.0]}
