# Half of the labels are unknown. Every label that is not positive is a weak negative (WAN).
_base_ = ['../_base_/protocols/digits_half_known.py', '../_base_/methods/assume_negative_loss_weak.py']

model = dict(head=dict(loss=_base_.loss))
