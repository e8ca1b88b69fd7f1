# LL-R, Kim et al. (CVPR 2022, arXiv 2206.03740): unknown labels are negatives, and those with the largest
# loss are ignored. Their code does not fix delta (0.1 to 0.5); 0.5 is that of the first author's later code
# (arXiv 2304.01804).
loss = dict(
    type='LargeLoss',
    scheme='reject',
    delta=0.5,  # increase per epoch of the ignored fraction of the batch, in percent
    reduction='mean',
)

search_space = {'loss.delta': [0.1, 0.2, 0.5]}
