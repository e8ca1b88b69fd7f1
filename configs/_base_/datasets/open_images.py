# Open Images, 9,605 trainable classes. Labels that nobody verified are unknown. See docs/datasets.md for the
# files. Labels are sparse: the pipelines end with PackPartialInputs, and the model needs
# PartialLabelDataPreprocessor.
_base_ = 'label_stores.py'

num_classes = 9605
data_root = 'data/open_images'

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='RandomResizedCrop', scale=224, crop_ratio_range=(0.5, 1.0)),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='PackPartialInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(224, 224)),
    dict(type='PackPartialInputs'),
]

train_dataloader = dict(
    dataset=dict(data_root=data_root, data_prefix='train', label_format='sparse', pipeline=train_pipeline)
)
val_dataloader = dict(
    dataset=dict(data_root=data_root, data_prefix='validation', label_format='sparse', pipeline=test_pipeline)
)
test_dataloader = val_dataloader
