# Distribution-balanced focal loss, Wu et al. (ECCV 2020, arXiv 2007.09654), COCO-MLT. From their code:
# ResNet-50 with its first stage frozen and 256 features with batch norm before the head, 224 pixels,
# class-aware sampling, SGD, 8 epochs, 32 images per GPU (here on one GPU). Differences from their code:
# MMPretrain's neck has no dropout, which is 0.5 in their code. Crops and colors use MMPretrain's transforms,
# without the shift of hue, which fails with NumPy 2. Their sampler repeats each sampled class three times.
_base_ = [
    '../_base_/datasets/coco_mlt.py',
    '../_base_/models/multi_label_resnet50.py',
    '../_base_/image_runtime.py',
    '../_base_/methods/distribution_balanced_loss.py',
]

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='ColorJitter', brightness=0.125, contrast=0.5, saturation=0.5),
    dict(type='RandomResizedCrop', scale=224, crop_ratio_range=(0.64, 1.0)),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='PackInputs'),
]
train_dataloader = dict(
    batch_size=32,  # per GPU, with one GPU
    # Number of images per epoch: a quarter of the number that would sample every class as often as the
    # largest class, which has 1,128 images.
    sampler=dict(_delete_=True, type='ClassAwareSampler', epoch_size=22560),
    dataset=dict(pipeline=train_pipeline),
)

model = dict(
    backbone=dict(frozen_stages=1),
    neck=dict(_delete_=True, type='LinearNeck', in_channels=2048, out_channels=256, gap_dim=2),
    head=dict(num_classes=_base_.num_classes, in_channels=256, loss=_base_.loss),
)

optim_wrapper = dict(
    optimizer=dict(type='SGD', lr=0.02, momentum=0.9, weight_decay=1e-4),
    clip_grad=dict(max_norm=35, norm_type=2),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=1 / 3, by_epoch=False, begin=0, end=500),
    dict(type='MultiStepLR', by_epoch=True, milestones=[5, 7], gamma=0.1),
]
train_cfg = dict(by_epoch=True, max_epochs=8, val_interval=1)
val_cfg = dict()
test_cfg = dict()

# Number of images per step, over all GPUs, for which the learning rate is set. tools/train.py --auto-scale-lr
# scales the learning rate to another number.
auto_scale_lr = dict(base_batch_size=32)
