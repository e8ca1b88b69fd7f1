# Half of the labels unknown: the model is kept undecided there.
_base_ = ['../_base_/protocols/digits_half_known.py', '../_base_/methods/entropy_maximization_loss.py']

model = dict(head=dict(loss=_base_.loss))
