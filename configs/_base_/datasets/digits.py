# Frequently modified parameters
num_images = 2000  # training canvases, each with 1 to 4 digits
imbalance_factor = 100  # ratio of the most frequent to the rarest digit
seed = 0  # seed of the canvases; training, validation and test digits are disjoint for every seed
batch_size = 64  # per GPU

pipeline = [dict(type='PackInputs')]

train_dataloader = dict(
    batch_size=batch_size,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='MultiDigits',
        split='train',
        num_images=num_images,
        imbalance_factor=imbalance_factor,
        seed=seed,
        pipeline=pipeline,
    ),
)

val_dataloader = dict(
    batch_size=250,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='MultiDigits', split='val', num_images=500, seed=seed, pipeline=pipeline),
)

test_dataloader = dict(
    batch_size=250,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='MultiDigits', split='test', num_images=1000, seed=seed, pipeline=pipeline),
)

val_evaluator = [
    dict(type='PartialLabelAveragePrecision'),
    dict(type='PartialLabelMetric'),
]
test_evaluator = val_evaluator
