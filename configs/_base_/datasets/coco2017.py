# COCO 2017, 80 classes, fully labeled. See docs/datasets.md for the files.
_base_ = 'label_stores.py'

num_classes = 80
data_root = 'data/coco'

train_dataloader = dict(dataset=dict(data_root=data_root, data_prefix='train2017'))
val_dataloader = dict(dataset=dict(data_root=data_root, data_prefix='val2017'))
test_dataloader = val_dataloader
