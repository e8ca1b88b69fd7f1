# Half of the labels are unknown. The fraction of active classes decreases to a half, and the logits of the
# other classes are not computed.
_base_ = ['../_base_/protocols/digits_half_known.py', '../_base_/methods/active_classes.py']

model = dict(head=dict(_base_.head, loss=_base_.loss))
