# PLM, Duarte et al. (CVPRW 2021, arXiv 2105.10782), in expectation: every element has the weight with which
# the paper draws it. The weights, and the numbers of the file below, are ours.
_base_ = 'partial_label_masking_loss_uniform.py'

loss = dict(stochastic=False)  # True draws masks, as in the paper
