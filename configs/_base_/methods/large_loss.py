# LL-R, Kim et al. (CVPR 2022, arXiv 2206.03740): unknown labels are negatives, and those with the largest
# loss are left out. Their code leaves delta open (0.1 to 0.5); 0.5 is that of the first author's later code
# (arXiv 2304.01804).
loss = dict(
    type='LargeLoss',
    scheme='reject',
    delta=0.5,  # growth per epoch of the share of the batch that is left out, in per cent
    reduction='mean',
)
