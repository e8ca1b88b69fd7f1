# Half of the labels are unknown and used as negatives, with smoothed labels (AN-LS).
_base_ = ['../_base_/protocols/digits_half_known.py', '../_base_/methods/assume_negative_loss_smoothed.py']

model = dict(head=dict(loss=_base_.loss))
