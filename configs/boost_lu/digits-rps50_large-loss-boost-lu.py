# Half of the labels unknown, with Large Loss; positive values of the class activation maps count five times.
_base_ = [
    '../_base_/datasets/digits_rps50.py', '../_base_/models/small_conv_net.py', '../_base_/schedules/digits_20e.py',
    '../_base_/digits_runtime.py'
]

# BoostLU comes before the averaging over the image, so the backbone must not pool.
model = dict(
    backbone=dict(pool=None),
    head=dict(
        type='PartialLabelLinearClsHead',
        boost_lu=5.0,
        loss=dict(_delete_=True, type='LargeLoss', scheme='reject', delta=0.5, reduction='mean')))
