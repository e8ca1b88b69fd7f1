# Pseudo-labels for unknown labels, after Zhang et al. 2023 (arXiv 2308.00166). Of the paper only the abstract
# was at hand, which has no numbers: all of them are ours.
_base_ = 'binary_cross_entropy.py'

loss = dict(
    _delete_=True,
    type='PseudoLabelLoss',
    positive_threshold=0.9,  # an unknown label with a larger probability becomes positive
    negative_threshold=0.1,  # and with a smaller one negative
    warmup_epochs=5,  # number of epochs without pseudo-labels
    loss=_base_.loss,
)
