# Imbalanced, fully labeled digits: Poly-1.
_base_ = ['../_base_/protocols/digits_all_known.py', '../_base_/methods/poly1_loss.py']

model = dict(head=dict(loss=_base_.loss))
