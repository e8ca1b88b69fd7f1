# ASL, Ridnik et al. (ICCV 2021, arXiv 2009.14119). Exponents, clip and eps are those of the authors' code.
loss = dict(
    type='PartialAsymmetricLoss',
    gamma_neg=4,  # focusing exponent of negatives
    gamma_pos=0,  # focusing exponent of positives
    clip=0.05,  # negatives with a smaller probability have loss 0
    eps=1e-8,  # smallest argument of the logarithm
    reduction='mean_images',  # ours; the authors use 'sum' with their learning rate
)

search_space = {'loss.gamma_neg': [1, 2, 4], 'loss.clip': [0.0, 0.05, 0.1]}
