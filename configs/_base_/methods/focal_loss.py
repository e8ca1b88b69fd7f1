# Focal loss over sigmoids, Lin et al. (ICCV 2017, arXiv 1708.02002), without their alpha. The exponent of 2
# is theirs.
loss = dict(
    type='PartialAsymmetricLoss',
    gamma_pos=2,  # focusing exponent of positives
    gamma_neg=2,  # focusing exponent of negatives
    detach_focus=False,  # the focusing weight has a gradient, as in the paper
    eps=0,  # the logarithm is exact
    reduction='mean_images',
)
