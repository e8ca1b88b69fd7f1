# Half of the labels unknown: the model's own answers, where it is sure, from the sixth epoch on.
_base_ = ['../_base_/protocols/digits_half_known.py', '../_base_/methods/pseudo_label_loss.py']

model = dict(head=dict(loss=_base_.loss))
