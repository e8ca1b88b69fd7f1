# Two-way loss, Kobayashi (CVPR 2023), COCO 2014, fully labeled. From his code: ResNet-50 at 224 pixels, SGD
# with Nesterov momentum, 0.01 for the last layer and a tenth of it for the others, cosine to 0 over 40
# epochs, weight decay 1e-4, 512 images on 4 GPUs, random crops, flips, color and lighting noise, excluding
# images without objects.
_base_ = [
    '../_base_/datasets/coco2014.py',
    '../_base_/models/multi_label_resnet50.py',
    '../_base_/image_runtime.py',
    '../_base_/methods/two_way_loss.py',
]

# Frequently modified parameters
batch_size = 128  # per GPU, with 4 GPUs
max_epochs = 40

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='RandomResizedCrop', scale=224),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.4),
    dict(
        type='Lighting',
        eigval=[55.4625, 4.7940, 1.1475],
        eigvec=[[-0.5675, 0.7192, 0.4009], [-0.5808, -0.0045, -0.8140], [-0.5836, -0.6948, 0.4203]],
        alphastd=0.1,
        to_rgb=True,
    ),
    dict(type='PackInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='ResizeEdge', scale=256, edge='short'),
    dict(type='CenterCrop', crop_size=224),
    dict(type='PackInputs'),
]
train_dataloader = dict(
    batch_size=batch_size,
    drop_last=True,
    dataset=dict(filter_cfg=dict(min_positives=1), pipeline=train_pipeline),
)
val_dataloader = dict(dataset=dict(filter_cfg=dict(min_positives=1), pipeline=test_pipeline))
test_dataloader = val_dataloader

model = dict(head=dict(num_classes=_base_.num_classes, loss=_base_.loss))

optim_wrapper = dict(
    optimizer=dict(type='SGD', lr=0.01, momentum=0.9, nesterov=True, weight_decay=1e-4),
    paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.1))),
)
param_scheduler = dict(type='CosineAnnealingLR', T_max=max_epochs, by_epoch=True, convert_to_iter_based=True)
train_cfg = dict(by_epoch=True, max_epochs=max_epochs, val_interval=1)
val_cfg = dict()
test_cfg = dict()

# Number of images per step, over all GPUs, for which the learning rate is set. tools/train.py --auto-scale-lr
# scales the learning rate to another number.
auto_scale_lr = dict(base_batch_size=512)
