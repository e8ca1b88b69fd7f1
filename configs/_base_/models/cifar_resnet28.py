# The papers on imbalanced CIFAR train a ResNet-32: three stages of 16, 32 and 64 channels with five blocks
# each. The nearest network in MMPretrain is the first three stages of its ResNet-34 at these widths, with 3,
# 4 and 6 blocks: 28 layers, 0.5M parameters. A config sets num_classes and the loss of the head.
model = dict(
    type='ImageClassifier',
    data_preprocessor=dict(
        type='PartialLabelDataPreprocessor',
        mean=[125.307, 122.961, 113.8575],
        std=[51.5865, 50.847, 51.255],
        to_rgb=True,
    ),
    backbone=dict(
        type='ResNet_CIFAR',
        depth=34,
        num_stages=3,
        strides=(1, 2, 2),
        dilations=(1, 1, 1),
        out_indices=(2,),
        stem_channels=16,
        base_channels=16,
        style='pytorch',
    ),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='PartialLabelLinearClsHead', in_channels=64),
)
