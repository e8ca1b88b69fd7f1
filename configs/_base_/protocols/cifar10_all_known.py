# Long-tailed CIFAR-10 with one sigmoid per class, with the schedule of Cui et al. (CVPR 2019, arXiv
# 1901.05555). From their code for sigmoids: an initial bias of -log(C - 1) without weight decay, with which a
# learning rate of 0.1 is stable. Their warm-up of the learning rate is per iteration, this one is per epoch.
_base_ = [
    '../datasets/cifar10_imbalanced.py',
    '../models/cifar_resnet32.py',
    '../schedules/cifar_200e.py',
    '../image_runtime.py',
]

model = dict(
    data_preprocessor=dict(num_classes=_base_.num_classes),
    head=dict(
        num_classes=_base_.num_classes,
        init_cfg=dict(type='Normal', layer='Linear', std=0.01, bias=-2.1972),  # -log(C - 1)
    ),
)

optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'head.fc.bias': dict(decay_mult=0)}))
