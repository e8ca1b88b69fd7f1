# Runtime of image data sets with an exponential average of the weights, which is evaluated. The factor is
# 0.9997, as in the code of ASL, CSL and Hill.
_base_ = 'image_runtime.py'

custom_hooks = [dict(type='LabelStatisticsHook'), dict(type='EMAHook', momentum=3e-4)]
