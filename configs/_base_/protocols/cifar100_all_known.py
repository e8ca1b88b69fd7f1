# Long-tailed CIFAR-100 with one sigmoid per class; otherwise as cifar10_all_known.py.
_base_ = [
    '../datasets/cifar100_imbalanced.py',
    '../models/cifar_resnet32.py',
    '../schedules/cifar_200e.py',
    '../image_runtime.py',
]

model = dict(
    data_preprocessor=dict(num_classes=_base_.num_classes),
    head=dict(
        num_classes=_base_.num_classes,
        init_cfg=dict(type='Normal', layer='Linear', std=0.01, bias=-4.5951),  # -log(C - 1)
    ),
)

optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'head.fc.bias': dict(decay_mult=0)}))
