# PLM, Duarte et al. (CVPRW 2021, arXiv 2105.10782), imbalanced CIFAR-100 (factor 100), one sigmoid per class.
# The start at the ratio of each class is that of the paper. We do not know its rate, network and training
# settings. The rate and the network are ours; the training settings are those of Cui et al. (arXiv
# 1901.05555).
_base_ = [
    '../_base_/datasets/cifar100_imbalanced.py',
    '../_base_/models/cifar_resnet32.py',
    '../_base_/schedules/cifar_200e.py',
    '../_base_/image_runtime.py',
    '../_base_/methods/partial_label_masking_loss.py',
]

train_dataloader = dict(dataset=dict(single_label=True))
val_dataloader = dict(dataset=dict(single_label=True))
test_dataloader = val_dataloader
val_evaluator = [dict(type='Accuracy'), dict(type='PartialLabelMetric', num_rarest=10)]
test_evaluator = val_evaluator

model = dict(
    data_preprocessor=dict(num_classes=_base_.num_classes),
    head=dict(num_classes=_base_.num_classes, loss=_base_.loss),
)
