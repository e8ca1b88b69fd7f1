# Half of the labels are unknown and used as negatives; those with the largest loss are rejected.
_base_ = ['../_base_/protocols/digits_half_known.py', '../_base_/methods/large_loss.py']

model = dict(head=dict(loss=_base_.loss))
