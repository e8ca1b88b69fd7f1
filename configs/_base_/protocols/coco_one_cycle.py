# COCO 2014 with all labels known, as Ben-Baruch et al. (CVPR 2022, arXiv 2110.10955) train on it, without the
# method. From their code: 448 pixels, Cutout 0.5 and RandAugment, Adam, one cycle of 30 epochs with a largest
# learning rate of 2e-4, batch size 64, weight decay 1e-4, an average of the weights with 0.9997, excluding
# images without objects. TResNet-M, with ImageNet-21k weights, is not in MMPretrain: ResNet-50 is the
# nearest, with the mean and deviation that its weights need (theirs need none). The 8 GPUs are ours.
_base_ = [
    '../datasets/coco2014.py',
    '../models/multi_label_resnet50.py',
    '../schedules/adam_one-cycle_30e.py',
    '../pipelines/cutout_randaugment_448px.py',
    '../averaged_image_runtime.py',
]

# Frequently modified parameters
batch_size = 8  # per GPU, with 8 GPUs

train_dataloader = dict(
    batch_size=batch_size, dataset=dict(filter_cfg=dict(min_positives=1), pipeline=_base_.augment_pipeline)
)
val_dataloader = dict(dataset=dict(filter_cfg=dict(min_positives=1), pipeline=_base_.resize_pipeline))
test_dataloader = val_dataloader

model = dict(head=dict(num_classes=_base_.num_classes))
