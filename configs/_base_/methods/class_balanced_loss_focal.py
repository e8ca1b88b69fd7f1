# Class-balanced focal loss, Cui et al. (CVPR 2019, arXiv 1901.05555). The numbers are those of their code for
# CIFAR.
loss = dict(
    type='ClassBalancedLoss',
    scheme='effective_number',
    beta=0.9999,
    scope='image',  # an image has the weight of its class
    loss=dict(
        type='PartialAsymmetricLoss',
        gamma_pos=1,
        gamma_neg=1,
        detach_focus=False,
        eps=0,
        reduction='mean_images',
    ),
)

search_space = {'loss.beta': [0.9, 0.99, 0.999, 0.9999]}
