# Multi-grained focal loss of COMIC, Zhang et al. (ICCV 2023, arXiv 2304.10539). Every number is the default
# of the class.
loss = dict(type='MultiGrainedFocalLoss')
