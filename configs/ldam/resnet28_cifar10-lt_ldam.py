# LDAM, Cao et al. (NeurIPS 2019, arXiv 1906.07413), long-tailed CIFAR-10. From their code: factor 100, largest margin 0.5 and scale 30 on
# cosine logits, SGD, 200 epochs, batch size 128. ResNet-32 is not in MMPretrain: see the model. Its ArcFace head without a margin of its
# own gives the cosines.
_base_ = [
    '../_base_/datasets/cifar10_imbalanced.py', '../_base_/models/cifar_resnet28.py', '../_base_/schedules/cifar_200e.py',
    '../_base_/image_runtime.py'
]

train_dataloader = dict(dataset=dict(imbalance_factor=100, single_label=True))
val_dataloader = dict(dataset=dict(single_label=True))
test_dataloader = val_dataloader
val_evaluator = [dict(type='Accuracy')]
test_evaluator = val_evaluator

model = dict(
    data_preprocessor=dict(num_classes={{_base_.num_classes}}),
    head=dict(
        type='ArcFaceClsHead',
        num_classes={{_base_.num_classes}},
        scale=1.0,
        margins=0.0,
        loss=dict(_delete_=True, type='LDAMLoss', max_margin=0.5, scale=30.0)))

# The re-weighted second part of resnet28_cifar10-lt_ldam-drw.py starts after epoch 160.
default_hooks = dict(checkpoint=dict(interval=40, max_keep_ckpts=5))
