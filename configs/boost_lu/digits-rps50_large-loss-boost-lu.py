# Half of the labels unknown, with Large Loss; positive values of the class activation maps count five times.
_base_ = ['../_base_/protocols/digits_half_known.py', '../_base_/methods/boost_lu.py']

# BoostLU comes before the averaging over the image, so the backbone must not pool.
model = dict(backbone=dict(pool=None), head=dict(_base_.head, loss=_base_.loss))
