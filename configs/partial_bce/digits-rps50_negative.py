# Half of the labels are unknown and used as negatives, as in training without this package.
_base_ = ['../_base_/protocols/digits_half_known.py', '../_base_/methods/binary_cross_entropy.py']

model = dict(head=dict(loss=dict(_base_.loss, unknown='negative')))
