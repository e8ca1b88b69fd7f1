# Half of the labels are unknown and used as negatives (AN).
_base_ = ['../_base_/protocols/digits_half_known.py', '../_base_/methods/assume_negative_loss.py']

model = dict(head=dict(loss=_base_.loss))
