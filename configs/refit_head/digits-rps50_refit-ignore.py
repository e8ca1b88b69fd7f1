# Half of the labels are unknown and ignored, and the linear head is refitted after the last epoch.
_base_ = ['../_base_/protocols/digits_half_known.py', '../_base_/methods/refit_binary_cross_entropy.py']

model = dict(head=dict(loss=_base_.loss))

custom_hooks = [*_base_.custom_hooks, *_base_.hooks]
