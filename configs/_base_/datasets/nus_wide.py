# NUS-WIDE, 81 concepts, fully labeled. See docs/datasets.md for the files.
_base_ = 'label_stores.py'

num_classes = 81
data_root = 'data/nus_wide'

train_dataloader = dict(dataset=dict(data_root=data_root, data_prefix='Flickr'))
val_dataloader = dict(dataset=dict(data_root=data_root, data_prefix='Flickr'))
test_dataloader = val_dataloader
