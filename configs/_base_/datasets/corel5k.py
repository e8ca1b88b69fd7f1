# Corel5k, 260 words. Words that the annotators did not write are negative. See docs/datasets.md for the files.
_base_ = 'label_stores.py'

num_classes = 260
data_root = 'data/corel5k'

train_dataloader = dict(dataset=dict(data_root=data_root, data_prefix='images', ann_file='train.csv'))
val_dataloader = dict(dataset=dict(data_root=data_root, data_prefix='images', ann_file='test.csv'))
test_dataloader = val_dataloader
