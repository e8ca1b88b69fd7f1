# Half of the labels unknown: from all classes to half of them in a step, and no logits of the others.
_base_ = ['../_base_/protocols/digits_half_known.py', '../_base_/methods/active_classes.py']

model = dict(head=dict(_base_.head, loss=_base_.loss))
