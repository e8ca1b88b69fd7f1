# Long-tailed CIFAR-10 as a single-label task, with the schedule of Cui et al. (CVPR 2019, arXiv 1901.05555)
# and of Cao et al. (NeurIPS 2019, arXiv 1906.07413).
_base_ = [
    '../datasets/cifar10_imbalanced.py',
    '../models/cifar_resnet32.py',
    '../schedules/cifar_200e.py',
    '../image_runtime.py',
]

train_dataloader = dict(dataset=dict(single_label=True))
val_dataloader = dict(dataset=dict(single_label=True))
test_dataloader = val_dataloader
val_evaluator = [dict(type='Accuracy')]
test_evaluator = val_evaluator

model = dict(
    data_preprocessor=dict(num_classes=_base_.num_classes), head=dict(num_classes=_base_.num_classes)
)
