# Long-tailed CIFAR-10 with one sigmoid per class and a network that a CPU trains in minutes, for the comparison
# of methods. Its results do not test the numbers of papers, which have a ResNet-32. 128 images per step.
_base_ = [
    '../datasets/cifar10_imbalanced.py',
    '../models/cifar_small_conv_net.py',
    '../schedules/digits_20e.py',
    '../digits_runtime.py',
]

model = dict(
    data_preprocessor=dict(num_classes=_base_.num_classes), head=dict(num_classes=_base_.num_classes)
)

# The images are in memory, so that a process for loading would cost more than it saves.
train_dataloader = dict(num_workers=0, persistent_workers=False)
val_dataloader = dict(batch_size=500, num_workers=0, persistent_workers=False)
test_dataloader = val_dataloader

auto_scale_lr = dict(base_batch_size=128)
