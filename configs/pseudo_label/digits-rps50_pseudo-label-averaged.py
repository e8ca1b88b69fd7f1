# Half of the labels unknown: pseudo-labels are what the averaged model says, which costs one more forward
# pass a step.
_base_ = ['../_base_/protocols/digits_half_known.py', '../_base_/methods/pseudo_label_loss_averaged.py']

model = dict(head=dict(loss=_base_.loss))

custom_hooks = [*_base_.custom_hooks, *_base_.hooks]
