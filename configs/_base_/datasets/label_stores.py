# Common settings of the data sets in docs/datasets.md: two label stores, an image folder, and images of 224
# pixels. A data set whose labels are CSV files sets ann_file.

# Frequently modified parameters
batch_size = 64  # per GPU
num_workers = 4  # per GPU

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='RandomResizedCrop', scale=224, crop_ratio_range=(0.5, 1.0)),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='PackInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(224, 224)),
    dict(type='PackInputs'),
]

train_dataloader = dict(
    batch_size=batch_size,
    num_workers=num_workers,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(type='PartialLabelDataset', ann_file='train_labels', pipeline=train_pipeline),
)
val_dataloader = dict(
    batch_size=batch_size,
    num_workers=num_workers,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='PartialLabelDataset', ann_file='val_labels', pipeline=test_pipeline),
)
test_dataloader = val_dataloader

val_evaluator = [
    dict(type='PartialLabelAveragePrecision'),
    dict(type='PartialLabelMetric'),
]
test_evaluator = val_evaluator
