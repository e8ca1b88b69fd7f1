# Imbalanced, fully labeled digits: plain binary cross-entropy.
_base_ = ['../_base_/protocols/digits_all_known.py', '../_base_/methods/binary_cross_entropy.py']

model = dict(head=dict(loss=_base_.loss))
