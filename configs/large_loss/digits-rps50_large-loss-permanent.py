# Half of the labels are unknown and used as negatives; those with the largest loss become positives
# permanently.
_base_ = ['../_base_/protocols/digits_half_known.py', '../_base_/methods/permanent_large_loss.py']

model = dict(head=dict(_base_.head, loss=_base_.loss))
