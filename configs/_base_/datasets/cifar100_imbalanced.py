# Long-tailed CIFAR-100 with a label of 1 or 0 for each class; the test images stay balanced. See
# docs/datasets.md.
_base_ = 'cifar10_imbalanced.py'

data_root = 'data/cifar100'  # folder of cifar-100-python
num_classes = 100

train_dataloader = dict(dataset=dict(data_root=data_root, num_classes=num_classes))
val_dataloader = dict(dataset=dict(data_root=data_root, num_classes=num_classes))
test_dataloader = val_dataloader
