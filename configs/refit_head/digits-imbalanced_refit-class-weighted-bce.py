# Imbalanced, fully labeled digits: class-weighted binary cross-entropy, and a refit of the linear head after
# the last epoch.
_base_ = ['../_base_/protocols/digits_all_known.py', '../_base_/methods/refit_statistics_balanced_loss.py']

model = dict(head=dict(loss=_base_.loss))

custom_hooks = [*_base_.custom_hooks, *_base_.hooks]
