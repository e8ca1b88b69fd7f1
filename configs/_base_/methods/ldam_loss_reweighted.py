# Second part of LDAM-DRW, Cao et al. (NeurIPS 2019, arXiv 1906.07413): LDAM with images weighted by the
# effective number of their class. Beta is that of their code. Their code divides by the sum of the weights of
# a batch; this loss divides by the number of images.
_base_ = 'ldam_loss.py'

loss = dict(
    _delete_=True,
    type='ClassBalancedLoss',
    scheme='effective_number',
    beta=0.9999,
    scope='image',  # an image has the weight of its class
    loss=_base_.loss,
)

# The keys of the file above would be wrong here, because its loss is held by another one.
search_space = dict(
    {'loss.beta': [0.9, 0.99, 0.999, 0.9999], 'loss.loss.max_margin': [0.3, 0.5, 0.8]}, _delete_=True
)
