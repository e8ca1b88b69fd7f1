# MMPretrain's own CSRA on Pascal VOC 2007, unmodified, with partial labels: an import, a transform, a loss.
# Objects marked difficult, which MMPretrain trains as negatives, are unknown and left out of the loss.
_base_ = 'mmpretrain::csra/resnet101-csra_1xb16_voc07-448px.py'

# 1. The import that registers this package. It replaces the custom_imports of a base config, if it has any.
custom_imports = dict(imports=['mmpretrain_imbalance'], allow_failed_imports=False)

# 2. Where -1 comes from: DifficultAsUnknown, before PackInputs. The rest is the pipeline of the base config.
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='RandomResizedCrop', scale=448, crop_ratio_range=(0.7, 1.0)),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='DifficultAsUnknown', num_classes=20),
    dict(type='PackInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))

# 3. A loss that knows -1. Where every label is known, it is the binary cross-entropy of the base config.
model = dict(head=dict(loss=dict(_delete_=True, type='PartialAsymmetricLoss', unknown='ignore')))
