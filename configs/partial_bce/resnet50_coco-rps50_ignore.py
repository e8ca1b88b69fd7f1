# The temporary model of CSL, Ben-Baruch et al. (CVPR 2022, arXiv 2110.10955), COCO 2014 with half of all labels unknown and ignored:
# writes the class prior for configs/class_aware_selective/resnet50_coco-rps50_csl.py. From the authors' code: 448 pixels, Cutout 0.5
# and RandAugment, Adam, one cycle of 30 epochs with a largest learning rate of 2e-4, batch size 64, weight decay 1e-4, an average of the
# weights with 0.9997, images without objects left out. TResNet-M, with ImageNet-21k weights, is not in MMPretrain: ResNet-50 is the
# nearest, with the mean and deviation that its weights want (theirs want none).
_base_ = [
    '../_base_/datasets/coco2014.py', '../_base_/models/multi_label_resnet50.py',
    '../_base_/schedules/adam_one-cycle_30e.py', '../_base_/pipelines/cutout_randaugment_448px.py',
    '../_base_/image_runtime.py'
]

train_dataloader = dict(
    batch_size=64,
    dataset=dict(
        _delete_=True,
        type='SimulatePartialLabels',
        protocol='rps',
        probability=0.5,
        seed=0,
        dataset=dict(
            type='PartialLabelDataset',
            data_root={{_base_.data_root}},
            data_prefix='train2014',
            ann_file='train_labels',
            filter_cfg=dict(min_positives=1),
            pipeline={{_base_.augment_pipeline}})))
val_dataloader = dict(dataset=dict(filter_cfg=dict(min_positives=1), pipeline={{_base_.resize_pipeline}}))
test_dataloader = val_dataloader

model = dict(
    head=dict(
        num_classes={{_base_.num_classes}},
        loss=dict(
            _delete_=True,
            type='ClassPriorTrackingLoss',
            loss=dict(type='PartialAsymmetricLoss', unknown='ignore', reduction='sum'))))

custom_hooks = [dict(type='LabelStatisticsHook'), dict(type='EMAHook', momentum=3e-4)]
