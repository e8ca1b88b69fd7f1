# Half of the labels are unknown and used as negatives, and the linear head is refitted after the last epoch,
# with the known labels only.
_base_ = ['../_base_/protocols/digits_half_known.py', '../_base_/methods/refit_assume_negative_loss.py']

model = dict(head=dict(loss=_base_.loss))

custom_hooks = [*_base_.custom_hooks, *_base_.hooks]
