# Class-balanced focal loss, Cui et al. (CVPR 2019, arXiv 1901.05555), long-tailed CIFAR-10. From their code: factor 50, beta 0.9999, focal
# loss with gamma 1 over sigmoids, a first bias of -log(C - 1) without weight decay, SGD, 200 epochs, batch size 128. ResNet-32 is not in
# MMPretrain: see the model. Their learning rate warms up by iteration, this one by epoch.
_base_ = [
    '../_base_/datasets/cifar10_imbalanced.py', '../_base_/models/cifar_resnet28.py', '../_base_/schedules/cifar_200e.py',
    '../_base_/image_runtime.py'
]

# Frequently modified parameters
imbalance_factor = 50

train_dataloader = dict(dataset=dict(imbalance_factor=imbalance_factor, single_label=True))
val_dataloader = dict(dataset=dict(single_label=True))
test_dataloader = val_dataloader
val_evaluator = [dict(type='Accuracy')]
test_evaluator = val_evaluator

model = dict(
    data_preprocessor=dict(num_classes={{_base_.num_classes}}),
    head=dict(
        num_classes={{_base_.num_classes}},
        init_cfg=dict(type='Normal', layer='Linear', std=0.01, bias=-2.1972),
        loss=dict(
            _delete_=True,
            type='ClassBalancedLoss',
            scheme='effective_number',
            beta=0.9999,
            scope='image',
            loss=dict(
                type='PartialAsymmetricLoss',
                gamma_pos=1,
                gamma_neg=1,
                detach_focus=False,
                eps=0,
                reduction='mean_images'))))

optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'head.fc.bias': dict(decay_mult=0)}))
