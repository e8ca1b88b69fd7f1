# COCO-MLT: 1,909 long-tailed images of COCO 2017, 80 classes; validation is all of val2017. See
# docs/datasets.md for the files.
_base_ = 'label_stores.py'

num_classes = 80
data_root = 'data/coco_mlt'

train_dataloader = dict(dataset=dict(data_root=data_root, data_prefix='../coco/train2017'))
val_dataloader = dict(dataset=dict(data_root=data_root, data_prefix='../coco/val2017'))
test_dataloader = val_dataloader
