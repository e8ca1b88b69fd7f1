# Imbalanced digits with all labels known, a small network, and a schedule that runs in seconds on a CPU, for
# the comparison of methods. 64 images per step on one GPU or one CPU.
_base_ = [
    '../datasets/digits.py',
    '../models/small_conv_net.py',
    '../schedules/digits_20e.py',
    '../digits_runtime.py',
]
