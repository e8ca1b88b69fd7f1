# Pseudo-labels for unknown labels, after Zhang et al. 2023 (arXiv 2308.00166). We had only the abstract of
# the paper, which has no numbers: all numbers are ours.
_base_ = 'binary_cross_entropy.py'

loss = dict(
    _delete_=True,
    type='PseudoLabelLoss',
    positive_threshold=0.9,  # an unknown label with a larger probability becomes positive
    negative_threshold=0.1,  # an unknown label with a smaller probability becomes negative
    warmup_epochs=5,  # number of epochs without pseudo-labels
    loss=_base_.loss,
)

search_space = {'loss.positive_threshold': [0.7, 0.9, 0.95], 'loss.negative_threshold': [0.05, 0.1, 0.3]}
