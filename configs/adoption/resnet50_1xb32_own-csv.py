# Your images and a CSV file of labels: one row per image, one column per class, and 1, 0 or a blank (unknown)
# in each cell.
_base_ = ['mmpretrain::_base_/models/resnet50.py', 'mmpretrain::_base_/default_runtime.py']

custom_imports = dict(imports=['mmpretrain_imbalance'], allow_failed_imports=False)

# Frequently modified parameters
data_root = 'data/own'  # folder of the CSV files and of the images
image_folder = 'images'  # in data_root; the first column of the CSV files is a path in this folder
train_table, val_table = 'train.csv', 'val.csv'  # or JSON files, or label stores; see docs/data.md
num_classes = 20  # number of class columns of the CSV file
image_size = 224
batch_size = 32  # per GPU
max_epochs = 30
learning_rate = 1e-4
likelihood_topk = 1  # about the expected number of unannotated positives per image; may be a fraction
class_prior = None  # or the class_prior.json in the work_dir of a run with ClassPriorTrackingLoss
checkpoint = (
    'https://download.openmmlab.com/mmclassification/v0/resnet/resnet50_8xb32_in1k_20210831-ea4938fc.pth'
)

# Unknown labels that look positive are ignored, and the others are weak negatives. If the file has enough
# zeros, you may ignore all unknown labels: dict(type='PartialAsymmetricLoss', unknown='ignore').
loss = dict(
    type='ClassAwareSelectiveLoss',
    likelihood_topk=likelihood_topk,
    class_prior=class_prior,
    prior_threshold=0.05,
    reduction='mean_images',
)

model = dict(
    backbone=dict(init_cfg=dict(type='Pretrained', checkpoint=checkpoint, prefix='backbone')),
    head=dict(
        _delete_=True, type='MultiLabelLinearClsHead', num_classes=num_classes, in_channels=2048, loss=loss
    ),
)

data_preprocessor = dict(
    type='PartialLabelDataPreprocessor',
    num_classes=num_classes,
    mean=[123.675, 116.28, 103.53],
    std=[58.395, 57.12, 57.375],
    to_rgb=True,
)

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='RandomResizedCrop', scale=image_size, crop_ratio_range=(0.3, 1.0)),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='PackInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(image_size, image_size)),
    dict(type='PackInputs'),
]

train_dataloader = dict(
    batch_size=batch_size,
    num_workers=4,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='PartialLabelDataset',
        data_root=data_root,
        ann_file=train_table,
        data_prefix=image_folder,
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=batch_size,
    num_workers=4,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='PartialLabelDataset',
        data_root=data_root,
        ann_file=val_table,
        data_prefix=image_folder,
        pipeline=test_pipeline,
    ),
)
test_dataloader = val_dataloader

val_evaluator = [dict(type='PartialLabelAveragePrecision', classwise=True), dict(type='PartialLabelMetric')]
test_evaluator = val_evaluator

# Counts the labels, and passes class priors to the loss and class groups to the metrics.
custom_hooks = [dict(type='LabelStatisticsHook')]

optim_wrapper = dict(optimizer=dict(type='AdamW', lr=learning_rate, weight_decay=1e-4))
param_scheduler = dict(
    type='OneCycleLR',
    eta_max=learning_rate,
    pct_start=0.2,
    total_steps=max_epochs,
    by_epoch=True,
    convert_to_iter_based=True,
)
train_cfg = dict(by_epoch=True, max_epochs=max_epochs, val_interval=1)
val_cfg = dict()
test_cfg = dict()

# Number of images per step, over all GPUs, for which the learning rate is set. tools/train.py --auto-scale-lr
# scales the learning rate to another number.
auto_scale_lr = dict(base_batch_size=batch_size)
