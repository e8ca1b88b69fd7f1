# CUB-200-2011, 312 attributes. Attributes that are not visible are unknown. See docs/datasets.md for the
# files.
_base_ = 'label_stores.py'

num_classes = 312
data_root = 'data/CUB_200_2011'

train_dataloader = dict(dataset=dict(data_root=data_root, data_prefix='images'))
val_dataloader = dict(dataset=dict(data_root=data_root, data_prefix='images'))
test_dataloader = val_dataloader
