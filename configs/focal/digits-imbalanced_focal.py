# Imbalanced, fully labeled digits: focal loss.
_base_ = ['../_base_/protocols/digits_all_known.py', '../_base_/methods/focal_loss.py']

model = dict(head=dict(loss=_base_.loss))
