# Runtime of stored features. It differs from the digits runtime only in its intervals of logging and saving:
# an epoch takes a fraction of a second.
_base_ = 'digits_runtime.py'

default_hooks = dict(logger=dict(interval=50), checkpoint=dict(interval=20))
