# Corel5k with the labels of the published files: a pretrained EfficientNet-Lite0 that is trained end to end
# with small images, for a CPU or a small GPU, with 64 images per step. All numbers are ours.
_base_ = [
    '../datasets/corel5k.py',
    '../pipelines/crop_96px.py',
    '../models/efficientnet_lite0.py',
    '../schedules/adamw_cosine_10e.py',
    '../image_runtime.py',
]

train_dataloader = dict(dataset=dict(pipeline=_base_.crop_pipeline))
val_dataloader = dict(dataset=dict(pipeline=_base_.whole_pipeline))
test_dataloader = val_dataloader

model = dict(head=dict(num_classes=_base_.num_classes))
