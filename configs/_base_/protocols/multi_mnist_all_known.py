# MultiMNIST with all labels known, for the comparison of methods on a CPU: fewer canvases than
# multi_mnist.py, and a network with one stage more and fewer channels than digits_all_known.py, because the
# canvases have 64 instead of 32 pixels. The rest, with 64 canvases per step, is that of digits_all_known.py.
_base_ = [
    '../datasets/multi_mnist.py',
    '../models/small_conv_net.py',
    '../schedules/digits_20e.py',
    '../digits_runtime.py',
]

# Frequently modified parameters
num_images = 3000
batch_size = 64  # per GPU

train_dataloader = dict(batch_size=batch_size, dataset=dict(num_images=num_images))

model = dict(backbone=dict(channels=(8, 16, 32, 64)))
