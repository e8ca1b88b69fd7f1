# Long-tailed CIFAR-100; otherwise as cifar10_small_conv_net.py.
_base_ = 'cifar10_small_conv_net.py'

data_root = 'data/cifar100'  # folder of cifar-100-python
num_classes = 100

train_dataloader = dict(dataset=dict(data_root=data_root, num_classes=num_classes))
val_dataloader = dict(dataset=dict(data_root=data_root, num_classes=num_classes))
test_dataloader = val_dataloader

model = dict(data_preprocessor=dict(num_classes=num_classes), head=dict(num_classes=num_classes))
