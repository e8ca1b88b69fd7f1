# COCO 2014, 80 classes, fully labeled. See docs/datasets.md for the files.
_base_ = 'label_stores.py'

num_classes = 80
data_root = 'data/coco'

train_dataloader = dict(dataset=dict(data_root=data_root, data_prefix='train2014'))
val_dataloader = dict(dataset=dict(data_root=data_root, data_prefix='val2014'))
test_dataloader = val_dataloader
