# The temporary model of CSL, Ben-Baruch et al. (CVPR 2022, arXiv 2110.10955), LVIS v1: writes the class prior for
# configs/class_aware_selective/resnet50_lvis_csl.py. The authors publish no code for LVIS; everything is their set-up for COCO, as in
# resnet50_coco-rps50_ignore.py, and so ours here.
_base_ = [
    '../_base_/datasets/lvis.py', '../_base_/models/multi_label_resnet50.py',
    '../_base_/schedules/adam_one-cycle_30e.py', '../_base_/pipelines/cutout_randaugment_448px.py',
    '../_base_/image_runtime.py'
]

train_dataloader = dict(batch_size=64, dataset=dict(pipeline={{_base_.augment_pipeline}}))
val_dataloader = dict(dataset=dict(pipeline={{_base_.resize_pipeline}}))
test_dataloader = val_dataloader

model = dict(
    head=dict(
        num_classes={{_base_.num_classes}},
        loss=dict(
            _delete_=True,
            type='ClassPriorTrackingLoss',
            loss=dict(type='PartialAsymmetricLoss', unknown='ignore', reduction='sum'))))

custom_hooks = [dict(type='LabelStatisticsHook'), dict(type='EMAHook', momentum=3e-4)]
