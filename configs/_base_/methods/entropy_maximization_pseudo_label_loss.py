# EM + PL of VLPL, Xing et al. 2023 (arXiv 2310.15985). A config sets pseudo_labels, a file of pseudo-labels.
loss = dict(
    type='EntropyMaximizationPseudoLabelLoss',
    alpha=0.1,  # weight of the entropy of unknown labels
    beta=0.7,  # weight of the pseudo-labels
)

# The pseudo-labels are indexed by sample id, which this head passes to the loss.
head = dict(type='PartialLabelLinearClsHead')

search_space = {'loss.alpha': [0.01, 0.1, 0.2], 'loss.beta': [0.3, 0.7]}
