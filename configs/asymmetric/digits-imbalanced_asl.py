# Imbalanced, fully labeled digits: ASL with the settings of its paper.
_base_ = ['../_base_/protocols/digits_all_known.py', '../_base_/methods/partial_asymmetric_loss.py']

model = dict(head=dict(loss=_base_.loss))
