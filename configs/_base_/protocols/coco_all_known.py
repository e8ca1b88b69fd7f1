# COCO 2014 with all labels known, as Ridnik et al. (ICCV 2021, arXiv 2009.14119) train on it, without the
# method. From their code: one cycle of 80 epochs with a largest learning rate of 1e-4, stopped after 40;
# batch size 128; weight decay 1e-4; an average of the weights with 0.9997; 448 pixels, Cutout 0.5 and
# RandAugment; excluding images without objects, in validation too. Their TResNet-L is not in MMPretrain:
# ResNet-101 is the nearest, with the mean and deviation that its weights need (theirs need none). The 8 GPUs
# are ours.
_base_ = [
    '../datasets/coco2014.py',
    '../models/multi_label_resnet101.py',
    '../schedules/adam_one-cycle_30e.py',
    '../pipelines/cutout_randaugment_448px.py',
    '../averaged_image_runtime.py',
]

# Frequently modified parameters
batch_size = 16  # per GPU, with 8 GPUs
learning_rate = 1e-4

train_dataloader = dict(
    batch_size=batch_size, dataset=dict(filter_cfg=dict(min_positives=1), pipeline=_base_.augment_pipeline)
)
val_dataloader = dict(dataset=dict(filter_cfg=dict(min_positives=1), pipeline=_base_.resize_pipeline))
test_dataloader = val_dataloader

model = dict(head=dict(num_classes=_base_.num_classes))

optim_wrapper = dict(optimizer=dict(lr=learning_rate))
param_scheduler = dict(eta_max=learning_rate, total_steps=80)
train_cfg = dict(max_epochs=40)
auto_scale_lr = dict(base_batch_size=128)
