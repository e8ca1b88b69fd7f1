# EM + APL, Zhou et al. (ECCV 2022, arXiv 2203.16219). The numbers are those of their code for COCO.
loss = dict(
    type='AsymmetricPseudoLabelLoss',
    alpha=0.1,  # weight of the entropy of unknown labels
    beta=0.9,  # weight of the pseudo-labels
    proportion=0.9,  # fraction of the unknown labels that become soft negatives by the last epoch
    warmup_epochs=5,  # number of epochs without pseudo-labels
    reduction='mean',
)

# The pseudo-labels are stored by sample id, which this head passes to the loss.
head = dict(type='PartialLabelLinearClsHead')

search_space = {'loss.alpha': [0.01, 0.1, 0.2], 'loss.beta': [0.02, 0.2, 0.9]}
