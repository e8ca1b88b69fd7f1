# Imbalanced, fully labeled digits: two-way loss.
_base_ = ['../_base_/protocols/digits_all_known.py', '../_base_/methods/two_way_loss.py']

model = dict(head=dict(loss=_base_.loss))
