# Runtime of image data sets. It differs from the digits runtime only in its intervals of logging and saving,
# which are for longer epochs.
_base_ = 'digits_runtime.py'

default_hooks = dict(logger=dict(interval=100), checkpoint=dict(interval=1, max_keep_ckpts=2))
env_cfg = dict(cudnn_benchmark=True)
