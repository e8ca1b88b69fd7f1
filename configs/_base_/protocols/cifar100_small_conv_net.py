# Long-tailed CIFAR-100; otherwise as cifar10_small_conv_net.py.
_base_ = [
    '../datasets/cifar100_imbalanced.py',
    '../models/small_conv_net.py',
    '../schedules/digits_20e.py',
    '../digits_runtime.py',
]

model = dict(
    data_preprocessor=dict(
        mean=[125.307, 122.961, 113.8575],
        std=[51.5865, 50.847, 51.255],
        to_rgb=True,
        num_classes=_base_.num_classes,
    ),
    backbone=dict(in_channels=3, pool='mean'),
    head=dict(num_classes=_base_.num_classes),
)

# The images are in memory, so that a process for loading would cost more than it saves.
train_dataloader = dict(num_workers=0, persistent_workers=False)
val_dataloader = dict(batch_size=500, num_workers=0, persistent_workers=False)
test_dataloader = val_dataloader

auto_scale_lr = dict(base_batch_size=128)
