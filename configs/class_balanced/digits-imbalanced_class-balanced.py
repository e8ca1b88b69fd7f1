# Imbalanced, fully labeled digits: binary cross-entropy weighted by the effective number of positives.
_base_ = ['../_base_/protocols/digits_all_known.py', '../_base_/methods/class_balanced_loss.py']

model = dict(head=dict(loss=_base_.loss))
