# Class-balanced weights, Cui et al. (CVPR 2019, arXiv 1901.05555), around binary cross-entropy.
_base_ = 'binary_cross_entropy.py'

loss = dict(
    _delete_=True,
    type='ClassBalancedLoss',
    scheme='effective_number',  # or 'inverse' or 'inverse_square_root'
    beta=0.9999,  # as in the authors' code
    loss=_base_.loss,
)

search_space = {'loss.beta': [0.9, 0.99, 0.999, 0.9999]}
