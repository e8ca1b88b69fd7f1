# MultiMNIST with all labels known, in the set-up of digits_all_known.py. Its canvases have 64 instead of 32
# pixels, and a step has 128 of them. The learning rate is that of digits_all_known.py.
_base_ = [
    '../datasets/multi_mnist.py',
    '../models/small_conv_net.py',
    '../schedules/digits_20e.py',
    '../digits_runtime.py',
]

auto_scale_lr = dict(base_batch_size=128)
