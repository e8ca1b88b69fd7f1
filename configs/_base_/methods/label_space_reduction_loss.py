# Fewer classes in the loss of each step, after Zhang et al. 2023 (arXiv 2308.00166). We had only the abstract
# of the paper, which has no numbers: all numbers are ours.
_base_ = 'binary_cross_entropy.py'

loss = dict(
    _delete_=True,
    type='LabelSpaceReductionLoss',
    active_fraction=(1.0, 0.5),  # fraction of active classes in the first and in the last epoch
    loss=_base_.loss,
)
