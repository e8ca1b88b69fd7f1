# The temporary model of CSL, Ben-Baruch et al. (CVPR 2022, arXiv 2110.10955), Open Images V6: writes the class prior for
# configs/class_aware_selective/resnet50_open-images_csl.py. The 224 pixels are the authors'; they publish no training code for it, so
# the rest is their set-up for COCO, as in resnet50_coco-rps50_ignore.py, and ours here. 30 epochs are 270 million images.
_base_ = [
    '../_base_/datasets/open_images.py', '../_base_/models/multi_label_resnet50.py',
    '../_base_/schedules/adam_one-cycle_30e.py', '../_base_/image_runtime.py'
]

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(224, 224)),
    dict(type='Cutout', shape=112, prob=1.0),
    dict(type='RandAugment', policies='timm_increasing', num_policies=2, magnitude_level=9),
    dict(type='PackPartialInputs'),
]
train_dataloader = dict(batch_size=64, dataset=dict(pipeline=train_pipeline))

model = dict(
    head=dict(
        num_classes={{_base_.num_classes}},
        loss=dict(
            _delete_=True,
            type='ClassPriorTrackingLoss',
            loss=dict(type='PartialAsymmetricLoss', unknown='ignore', reduction='sum'))))

custom_hooks = [dict(type='LabelStatisticsHook'), dict(type='EMAHook', momentum=3e-4)]
