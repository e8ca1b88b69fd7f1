# PLM, Duarte et al. (CVPRW 2021, arXiv 2105.10782), COCO 2014, fully labeled. The start at the ratio of each
# class is that of the paper. We do not know its rate, network and training settings. The rate and the network
# are ours; the training settings are those of the ignore run of CSL for COCO.
_base_ = [
    '../_base_/datasets/coco2014.py',
    '../_base_/models/multi_label_resnet50.py',
    '../_base_/schedules/adam_one-cycle_30e.py',
    '../_base_/pipelines/cutout_randaugment_448px.py',
    '../_base_/image_runtime.py',
    '../_base_/methods/partial_label_masking_loss.py',
]

# Frequently modified parameters
batch_size = 8  # per GPU, with 8 GPUs

train_dataloader = dict(batch_size=batch_size, dataset=dict(pipeline=_base_.augment_pipeline))
val_dataloader = dict(dataset=dict(pipeline=_base_.resize_pipeline))
test_dataloader = val_dataloader
# The paper reports the ten rarest classes.
val_evaluator = [
    dict(type='PartialLabelAveragePrecision', num_rarest=10),
    dict(type='PartialLabelMetric', num_rarest=10),
]
test_evaluator = val_evaluator

model = dict(head=dict(num_classes=_base_.num_classes, loss=_base_.loss))
