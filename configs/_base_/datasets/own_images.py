# Your images and annotation files: CSV, JSON or label stores, see docs/data.md. tools/new_project.py writes
# both files and a config that sets the folders.

# Frequently modified parameters
batch_size = 32  # per GPU
num_workers = 4  # per GPU

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='RandomResizedCrop', scale=224, crop_ratio_range=(0.3, 1.0)),
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
    dataset=dict(
        type='PartialLabelDataset',
        data_root='data/own',
        data_prefix='images',
        ann_file='train.csv',
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=batch_size,
    num_workers=num_workers,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='PartialLabelDataset',
        data_root='data/own',
        data_prefix='images',
        ann_file='val.csv',
        pipeline=test_pipeline,
    ),
)
test_dataloader = val_dataloader

val_evaluator = [dict(type='PartialLabelAveragePrecision', classwise=True), dict(type='PartialLabelMetric')]
test_evaluator = val_evaluator
