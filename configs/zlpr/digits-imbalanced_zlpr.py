# Imbalanced, fully labeled digits: ZLPR.
_base_ = ['../_base_/protocols/digits_all_known.py', '../_base_/methods/zlpr_loss.py']

model = dict(head=dict(loss=_base_.loss))
