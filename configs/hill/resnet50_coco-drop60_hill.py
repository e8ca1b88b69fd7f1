# Hill loss, Zhang et al. 2021 (arXiv 2112.07368), COCO 2014 with 40 % of the positives left; the others become negatives. From their
# code: ResNet-50, and the set-up of ASL with the cycle stopped after 30 epochs. Which positives are left is ours: they publish lists.
_base_ = [
    '../_base_/datasets/coco2014.py', '../_base_/models/multi_label_resnet50.py',
    '../_base_/schedules/adam_one-cycle_30e.py', '../_base_/pipelines/cutout_randaugment_448px.py',
    '../_base_/image_runtime.py'
]

# Frequently modified parameters
batch_size = 128  # of all GPUs together
learning_rate = 1e-4
dropped = 0.6  # chance of a positive to be missing

train_dataloader = dict(
    batch_size=batch_size,
    dataset=dict(
        _delete_=True,
        type='SimulatePartialLabels',
        protocol='drop_positives',
        probability=dropped,
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
        num_classes={{_base_.num_classes}}, loss=dict(_delete_=True, type='HillLoss', reduction='sum')))

optim_wrapper = dict(optimizer=dict(lr=learning_rate))
param_scheduler = dict(eta_max=learning_rate, total_steps=80)
custom_hooks = [dict(type='LabelStatisticsHook'), dict(type='EMAHook', momentum=3e-4)]
