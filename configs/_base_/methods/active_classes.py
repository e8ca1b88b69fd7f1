# A head that computes the logits of active classes only, after Zhang et al. 2023 (arXiv 2308.00166). We had
# only the abstract of the paper, which has no numbers: all numbers are ours. The loss must be elementwise,
# because inactive classes have no logits.
_base_ = 'binary_cross_entropy.py'

head = dict(
    type='ActiveClassesLinearClsHead',
    active_fraction=(1.0, 0.5),  # fraction of active classes in the first and in the last epoch
)
