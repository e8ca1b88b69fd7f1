# LL-Cp, Kim et al. (CVPR 2022, arXiv 2206.03740): unknown labels are negatives, and those with the largest
# loss become positives for the rest of the training. Their code does not fix delta (0.1 to 0.5); 0.1 is ours:
# it is the smallest of these, because changed labels accumulate.
loss = dict(
    type='PermanentLargeLoss',
    delta=0.1,  # percentage of the elements of a batch that become positives per epoch
    reduction='mean',
)

# The changed labels are stored by sample id, which this head passes to the loss.
head = dict(type='PartialLabelLinearClsHead')

search_space = {'loss.delta': [0.1, 0.2, 0.5]}
