# Stored features of images, which tools/extract_features.py writes together with a config that sets the
# folders.

# Frequently modified parameters
batch_size = 128  # per GPU

pipeline = [dict(type='PackPartialInputs', input_key='features')]

# The data are read faster than a worker process could pass them on.
train_dataloader = dict(
    batch_size=batch_size,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(type='FeatureDataset', data_root='data/features', ann_file='train', pipeline=pipeline),
)
val_dataloader = dict(
    batch_size=1000,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='FeatureDataset', data_root='data/features', ann_file='val', pipeline=pipeline),
)
test_dataloader = dict(
    batch_size=1000,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='FeatureDataset', data_root='data/features', ann_file='test', pipeline=pipeline),
)

val_evaluator = [dict(type='PartialLabelAveragePrecision'), dict(type='PartialLabelMetric')]
test_evaluator = val_evaluator
