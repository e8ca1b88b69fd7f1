# LVIS v1, 1,203 classes. The image names contain the folder of COCO 2017. See docs/datasets.md for the files.
_base_ = 'label_stores.py'

num_classes = 1203
data_root = 'data/lvis'

train_dataloader = dict(dataset=dict(data_root=data_root, data_prefix=''))
val_dataloader = dict(dataset=dict(data_root=data_root, data_prefix=''))
test_dataloader = val_dataloader
