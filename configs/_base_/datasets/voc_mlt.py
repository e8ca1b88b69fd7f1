# VOC-MLT: 1,142 long-tailed images of VOC 2012, 20 classes; validation is the test split of VOC 2007. See
# docs/datasets.md for the files.
_base_ = 'label_stores.py'

num_classes = 20
data_root = 'data/voc_mlt'

train_dataloader = dict(dataset=dict(data_root=data_root, data_prefix='../VOCdevkit/VOC2012/JPEGImages'))
val_dataloader = dict(dataset=dict(data_root=data_root, data_prefix='../VOCdevkit/VOC2007/JPEGImages'))
test_dataloader = val_dataloader
