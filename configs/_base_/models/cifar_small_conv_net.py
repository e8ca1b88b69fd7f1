# A ConvNet for CIFAR that a CPU trains in minutes. A config sets num_classes and the loss of the head.
_base_ = 'small_conv_net.py'

model = dict(
    data_preprocessor=dict(mean=[125.307, 122.961, 113.8575], std=[51.5865, 50.847, 51.255], to_rgb=True),
    backbone=dict(in_channels=3, pool='mean'),
)
