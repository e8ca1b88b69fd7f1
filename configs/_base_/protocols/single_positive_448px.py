# Settings for the comparison of methods with single positives, Cole et al. (CVPR 2021, arXiv 2106.09708),
# without data and method. From their code: ResNet-50, 448 x 448 pixels, flips, Adam, 10 epochs. They choose
# the learning rate (1e-2 to 1e-5), the batch size (8 or 16) and the epoch on a fifth of the training images.
# Here all images are used for training, and the last epoch is evaluated.
_base_ = [
    '../models/multi_label_resnet50.py',
    '../schedules/adam_10e.py',
    '../pipelines/flip_448px.py',
    '../simulations/single_positive.py',
    '../image_runtime.py',
]
