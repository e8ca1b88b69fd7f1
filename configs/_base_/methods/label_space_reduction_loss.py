# Fewer classes in the loss of each step, after Zhang et al. 2023 (arXiv 2308.00166). Of the paper only the
# abstract was at hand, which has no numbers: all of them are ours.
_base_ = 'binary_cross_entropy.py'

loss = dict(
    _delete_=True,
    type='LabelSpaceReductionLoss',
    active_fraction=(1.0, 0.5),  # of the classes, in the first and in the last epoch
    loss=_base_.loss,
)
