# ASL, Ridnik et al. (ICCV 2021, arXiv 2009.14119), COCO 2014, fully labeled. From their code: exponents, clip and the sum as reduction;
# one cycle of 80 epochs with a largest learning rate of 1e-4, stopped after 40; batch size 128; weight decay 1e-4; an average of the
# weights with 0.9997; 448 pixels, Cutout 0.5 and RandAugment; images without objects left out, in validation too. Their TResNet-L
# is not in MMPretrain: ResNet-101 is the nearest, with the mean and deviation that its weights want (theirs want none).
_base_ = [
    '../_base_/datasets/coco2014.py', '../_base_/models/multi_label_resnet101.py',
    '../_base_/schedules/adam_one-cycle_30e.py', '../_base_/pipelines/cutout_randaugment_448px.py',
    '../_base_/image_runtime.py'
]

# Frequently modified parameters
batch_size = 128  # of all GPUs together
learning_rate = 1e-4

train_dataloader = dict(
    batch_size=batch_size,
    dataset=dict(filter_cfg=dict(min_positives=1), pipeline={{_base_.augment_pipeline}}))
val_dataloader = dict(dataset=dict(filter_cfg=dict(min_positives=1), pipeline={{_base_.resize_pipeline}}))
test_dataloader = val_dataloader

model = dict(
    head=dict(
        num_classes={{_base_.num_classes}},
        loss=dict(
            _delete_=True,
            type='PartialAsymmetricLoss',
            gamma_pos=0,
            gamma_neg=4,
            clip=0.05,
            eps=1e-8,
            reduction='sum')))

optim_wrapper = dict(optimizer=dict(lr=learning_rate))
param_scheduler = dict(eta_max=learning_rate, total_steps=80)
train_cfg = dict(max_epochs=40)
custom_hooks = [dict(type='LabelStatisticsHook'), dict(type='EMAHook', momentum=3e-4)]
