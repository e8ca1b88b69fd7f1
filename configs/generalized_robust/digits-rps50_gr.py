# Half of the labels unknown: part positive, part negative, by a schedule.
_base_ = [
    '../_base_/datasets/digits_rps50.py', '../_base_/models/small_conv_net.py', '../_base_/schedules/digits_20e.py',
    '../_base_/digits_runtime.py'
]

model = dict(head=dict(loss=dict(_delete_=True, type='GeneralizedRobustLoss', reduction='mean')))
