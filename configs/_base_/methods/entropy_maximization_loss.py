# EM, Zhou et al. (ECCV 2022, arXiv 2203.16219). Their code has a different alpha for each data set; 0.1 is
# for COCO. The mean over all elements is theirs.
loss = dict(
    type='EntropyMaximizationLoss',
    alpha=0.1,  # weight of the entropy of unknown labels
    reduction='mean',
)

search_space = {'loss.alpha': [0.01, 0.1, 0.2]}
