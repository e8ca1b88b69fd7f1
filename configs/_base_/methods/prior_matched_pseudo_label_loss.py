# Pseudo-labels with thresholds per class that reproduce the class prior, after Zhang et al. 2023 (arXiv
# 2308.00166). All numbers are ours.
_base_ = 'binary_cross_entropy.py'

loss = dict(
    _delete_=True,
    type='PriorMatchedPseudoLabelLoss',
    coverage=0.5,  # fraction of the unknown labels, the most confident ones, that get a pseudo-label
    warmup_epochs=5,  # number of epochs without pseudo-labels
    loss=_base_.loss,
)

search_space = {'loss.coverage': [0.1, 0.25, 0.5]}
