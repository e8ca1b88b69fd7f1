# ResNet-50 with the ImageNet weights that MMPretrain publishes, and a linear multi-label head that passes
# sample ids to the loss. A config sets num_classes and the loss of the head.
model = dict(
    type='ImageClassifier',
    data_preprocessor=dict(
        type='PartialLabelDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        to_rgb=True,
    ),
    backbone=dict(
        type='ResNet',
        depth=50,
        num_stages=4,
        out_indices=(3,),
        style='pytorch',
        init_cfg=dict(
            type='Pretrained',
            checkpoint='https://download.openmmlab.com/mmclassification/v0/resnet/resnet50_8xb32_in1k_20210831-ea4938fc.pth',
            prefix='backbone',
        ),
    ),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='PartialLabelLinearClsHead', in_channels=2048),
)
