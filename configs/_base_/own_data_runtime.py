# Runtime of your own data: logs often, because the data may be small, keeps the checkpoint of the best mAP,
# and chooses a threshold per class on the validation images.
_base_ = 'image_runtime.py'

custom_hooks = [dict(type='LabelStatisticsHook'), dict(type='BestThresholdsHook')]

default_hooks = dict(
    logger=dict(interval=10),
    checkpoint=dict(interval=1, save_best='partial-label/mAP', rule='greater'),
)
