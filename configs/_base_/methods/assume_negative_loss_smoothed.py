# AN-LS, Cole et al. (CVPR 2021, arXiv 2106.09708): an unknown label is a negative, and labels are smoothed.
_base_ = 'assume_negative_loss.py'

loss = dict(
    variant='smoothed',
    smoothing=0.1,  # as in the authors' code
)

search_space = {'loss.smoothing': [0.05, 0.1, 0.2]}
