# The ResNet-32 of the papers on imbalanced CIFAR: three stages of 16, 32 and 64 channels with five blocks each,
# 0.46M parameters. A config sets num_classes and the loss of the head. On the command line, a smaller network
# for a CPU is model.backbone.depth=20 model.backbone.base_channels=8 model.head.in_channels=32.

# Frequently modified parameters
depth = 32  # 20, 32, 44, 56 or 110
base_channels = 16  # of the first stage

model = dict(
    type='ImageClassifier',
    data_preprocessor=dict(
        type='PartialLabelDataPreprocessor',
        mean=[125.307, 122.961, 113.8575],
        std=[51.5865, 50.847, 51.255],
        to_rgb=True,
    ),
    backbone=dict(type='ThreeStageResNet', depth=depth, base_channels=base_channels),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='PartialLabelLinearClsHead', in_channels=4 * base_channels),
)
