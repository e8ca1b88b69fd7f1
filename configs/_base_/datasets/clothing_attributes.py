# Clothing Attributes, 36 binary attributes. Attributes on which the annotators disagreed are unknown. See
# docs/datasets.md for the files.
_base_ = 'label_stores.py'

num_classes = 36
data_root = 'data/clothing_attributes'

train_dataloader = dict(dataset=dict(data_root=data_root, data_prefix='images', ann_file='train.csv'))
val_dataloader = dict(dataset=dict(data_root=data_root, data_prefix='images', ann_file='test.csv'))
test_dataloader = val_dataloader
