# MMPretrain's own config of CSRA on Pascal VOC 2007, with three changes for partial labels: an import, a
# transform and a loss. Difficult objects, which MMPretrain trains as negatives, are unknown and ignored by
# the loss.
_base_ = 'mmpretrain::csra/resnet101-csra_1xb16_voc07-448px.py'

# 1. The import registers this package. It replaces the custom_imports of the base config, if there is one.
custom_imports = dict(imports=['mmpretrain_imbalance'], allow_failed_imports=False)

# 2. DifficultAsUnknown, before PackInputs, sets labels to -1. The other transforms are those of the base
# config.
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='RandomResizedCrop', scale=448, crop_ratio_range=(0.7, 1.0)),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='DifficultAsUnknown', num_classes=20),
    dict(type='PackInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))

# 3. The loss ignores -1. If every label is known, it equals the binary cross-entropy of the base config.
model = dict(head=dict(loss=dict(_delete_=True, type='PartialAsymmetricLoss', unknown='ignore')))
