# Pascal VOC 2012, 20 classes. Difficult objects are unknown. See docs/datasets.md for the files.
_base_ = 'label_stores.py'

num_classes = 20
data_root = 'data/VOCdevkit/VOC2012'

train_dataloader = dict(dataset=dict(data_root=data_root, data_prefix='JPEGImages'))
val_dataloader = dict(dataset=dict(data_root=data_root, data_prefix='JPEGImages'))
test_dataloader = val_dataloader
