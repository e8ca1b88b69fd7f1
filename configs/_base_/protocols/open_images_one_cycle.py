# Open Images V6 in the set-up of coco_one_cycle.py, on one GPU. The 224 pixels are those of Ben-Baruch et al.
# (CVPR 2022, arXiv 2110.10955); they publish no training code for it, so the use of their set-up for COCO is
# ours. 30 epochs are 270 million images.
_base_ = [
    '../datasets/open_images.py',
    '../models/multi_label_resnet50.py',
    '../schedules/adam_one-cycle_30e.py',
    '../averaged_image_runtime.py',
]

# Frequently modified parameters
batch_size = 64  # per GPU, with one GPU

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(224, 224)),
    dict(type='Cutout', shape=112, prob=1.0),
    dict(type='RandAugment', policies='timm_increasing', num_policies=2, magnitude_level=9),
    dict(type='PackPartialInputs'),
]
train_dataloader = dict(batch_size=batch_size, dataset=dict(pipeline=train_pipeline))

model = dict(head=dict(num_classes=_base_.num_classes))
