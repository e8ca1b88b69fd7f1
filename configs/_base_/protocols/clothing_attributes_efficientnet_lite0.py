# Clothing Attributes with the labels of the published files; otherwise as corel5k_efficientnet_lite0.py.
_base_ = [
    '../datasets/clothing_attributes.py',
    '../pipelines/crop_96px.py',
    '../models/efficientnet_lite0.py',
    '../schedules/adamw_cosine_10e.py',
    '../image_runtime.py',
]

train_dataloader = dict(dataset=dict(pipeline=_base_.crop_pipeline))
val_dataloader = dict(dataset=dict(pipeline=_base_.whole_pipeline))
test_dataloader = val_dataloader

model = dict(head=dict(num_classes=_base_.num_classes))
