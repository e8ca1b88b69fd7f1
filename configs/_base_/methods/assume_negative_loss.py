# AN, Cole et al. (CVPR 2021, arXiv 2106.09708): an unknown label is a negative. The mean over all elements is
# that of their code.
loss = dict(type='AssumeNegativeLoss', reduction='mean')
