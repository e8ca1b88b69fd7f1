# Imbalanced, fully labeled digits: binary cross-entropy with positives weighted by negatives / positives of
# the class.
_base_ = ['../_base_/protocols/digits_all_known.py', '../_base_/methods/statistics_balanced_loss.py']

model = dict(head=dict(loss=_base_.loss))
