# Half of the labels are unknown and used as negatives, which have a smaller loss and stronger focusing for
# rare classes.
_base_ = ['../_base_/protocols/digits_half_known.py', '../_base_/methods/multi_grained_focal_loss.py']

model = dict(head=dict(loss=_base_.loss))
