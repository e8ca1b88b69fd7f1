# CheXpert, 14 observations. Observations that a report does not mention, or calls uncertain, are unknown. See
# docs/datasets.md for the files.
_base_ = 'label_stores.py'

num_classes = 14
data_root = 'data/chexpert'

train_dataloader = dict(dataset=dict(data_root=data_root, data_prefix=''))
val_dataloader = dict(dataset=dict(data_root=data_root, data_prefix=''))
test_dataloader = val_dataloader
