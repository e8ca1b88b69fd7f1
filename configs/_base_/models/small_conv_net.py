# A ConvNet that a CPU trains in seconds. A config sets the loss of the head.
model = dict(
    type='ImageClassifier',
    data_preprocessor=dict(type='PartialLabelDataPreprocessor', num_classes=10, mean=[33.0], std=[65.0]),
    backbone=dict(type='SmallConvNet', in_channels=1, channels=(16, 32, 64), pool='max'),
    head=dict(type='MultiLabelLinearClsHead', num_classes=10, in_channels=64),
)
