# Half of the labels are unknown. Large Loss, with positive values of the class activation maps multiplied by
# five.
_base_ = ['../_base_/protocols/digits_half_known.py', '../_base_/methods/boost_lu.py']

# BoostLU is applied before the average over the image, so the backbone must not pool.
model = dict(backbone=dict(pool=None), head=dict(_base_.head, loss=_base_.loss))
