# WAN, Cole et al. (CVPR 2021, arXiv 2106.09708): every label that is not positive is a negative of weight 1 /
# (C - 1).
_base_ = 'assume_negative_loss.py'

loss = dict(variant='weak')
