# Half of the labels are unknown and used as negatives; those with the largest loss are positives in the
# batch.
_base_ = ['../_base_/protocols/digits_half_known.py', '../_base_/methods/large_loss_temporary.py']

model = dict(head=dict(loss=dict(_base_.loss, delta=0.5)))  # as in digits-rps50_large-loss-reject.py
