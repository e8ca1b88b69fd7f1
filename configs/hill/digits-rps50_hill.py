# Half of the labels are unknown and used as negatives, with a loss that is robust to missing labels.
_base_ = ['../_base_/protocols/digits_half_known.py', '../_base_/methods/hill_loss.py']

model = dict(head=dict(loss=_base_.loss))
