# Long-tailed CIFAR-10 with a label of 1 or 0 for each class; the test images stay balanced. See
# docs/datasets.md.

# Frequently modified parameters
data_root = 'data/cifar10'  # folder of cifar-10-batches-py
num_classes = 10
imbalance = 'exponential'  # or 'step'
imbalance_factor = 100  # 10, 20, 50, 100 and 200 are usual
batch_size = 128  # per GPU

train_pipeline = [
    dict(type='RandomCrop', crop_size=32, padding=4),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='PackInputs'),
]
test_pipeline = [dict(type='PackInputs')]

train_dataloader = dict(
    batch_size=batch_size,
    num_workers=2,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='ImbalancedCIFAR',
        data_root=data_root,
        split='train',
        num_classes=num_classes,
        imbalance=imbalance,
        imbalance_factor=imbalance_factor,
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=batch_size,
    num_workers=2,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='ImbalancedCIFAR',
        data_root=data_root,
        split='test',
        num_classes=num_classes,
        pipeline=test_pipeline,
    ),
)
test_dataloader = val_dataloader

val_evaluator = [
    dict(type='PartialLabelAveragePrecision'),
    dict(type='PartialLabelMetric'),
]
test_evaluator = val_evaluator
