# Half of the labels unknown: negatives until the model is sure that they are not, and surer than of other images.
_base_ = [
    '../_base_/datasets/digits_rps50.py', '../_base_/models/small_conv_net.py', '../_base_/schedules/digits_20e.py',
    '../_base_/digits_runtime.py'
]

model = dict(
    head=dict(loss=dict(_delete_=True, type='ReflectiveLabelCorrectorLoss', correction_epoch=1, correct_negatives=False)))
