# Half of the labels are unknown. The loss maximizes the entropy of their predictions.
_base_ = ['../_base_/protocols/digits_half_known.py', '../_base_/methods/entropy_maximization_loss.py']

model = dict(head=dict(loss=_base_.loss))
