# Half of the labels are unknown. The averaged model predicts pseudo-labels, which needs one more forward pass
# per step.
_base_ = ['../_base_/protocols/digits_half_known.py', '../_base_/methods/pseudo_label_loss_averaged.py']

model = dict(head=dict(loss=_base_.loss))

custom_hooks = [*_base_.custom_hooks, *_base_.hooks]
