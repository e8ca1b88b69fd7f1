# Imbalanced, fully labeled digits: distribution-balanced focal loss.
_base_ = ['../_base_/protocols/digits_all_known.py', '../_base_/methods/distribution_balanced_loss.py']

model = dict(head=dict(loss=_base_.loss))
