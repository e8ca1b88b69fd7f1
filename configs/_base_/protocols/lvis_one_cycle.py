# LVIS v1 in the set-up of coco_one_cycle.py. Ben-Baruch et al. (CVPR 2022, arXiv 2110.10955) publish no code
# for LVIS: the use of their set-up for COCO is ours.
_base_ = [
    '../datasets/lvis.py',
    '../models/multi_label_resnet50.py',
    '../schedules/adam_one-cycle_30e.py',
    '../pipelines/cutout_randaugment_448px.py',
    '../averaged_image_runtime.py',
]

# Frequently modified parameters
batch_size = 8  # per GPU, with 8 GPUs

train_dataloader = dict(batch_size=batch_size, dataset=dict(pipeline=_base_.augment_pipeline))
val_dataloader = dict(dataset=dict(pipeline=_base_.resize_pipeline))
test_dataloader = val_dataloader

model = dict(head=dict(num_classes=_base_.num_classes))
