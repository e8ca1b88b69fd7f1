# LL-Ct, Kim et al. (CVPR 2022, arXiv 2206.03740): unknown labels are negatives, and those with the largest
# loss are positives in this step. Their code does not fix delta (0.1 to 0.5); 0.2 is that of the first
# author's later code (arXiv 2304.01804).
_base_ = 'large_loss.py'

loss = dict(scheme='temporary', delta=0.2)
