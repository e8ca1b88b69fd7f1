# Half of the labels unknown, and all that is not positive a weak negative (WAN).
_base_ = ['../_base_/protocols/digits_half_known.py', '../_base_/methods/assume_negative_loss_weak.py']

model = dict(head=dict(loss=_base_.loss))
