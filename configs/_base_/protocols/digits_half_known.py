# Imbalanced digits with half of all labels unknown; otherwise as digits_all_known.py.
_base_ = [
    '../datasets/digits_rps50.py',
    '../models/small_conv_net.py',
    '../schedules/digits_20e.py',
    '../digits_runtime.py',
]
