# Class-balanced focal loss, Cui et al. (CVPR 2019, arXiv 1901.05555), long-tailed CIFAR-10. From their code:
# factor 50, an initial bias of -log(C - 1) without weight decay, SGD, 200 epochs, batch size 128. Their
# warm-up of the learning rate is per iteration, this one is per epoch.
_base_ = ['../_base_/protocols/cifar10_single_label.py', '../_base_/methods/class_balanced_loss_focal.py']

# Frequently modified parameters
imbalance_factor = 50

train_dataloader = dict(dataset=dict(imbalance_factor=imbalance_factor))

model = dict(
    head=dict(
        init_cfg=dict(type='Normal', layer='Linear', std=0.01, bias=-2.1972),  # -log(C - 1)
        loss=_base_.loss,
    )
)

optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'head.fc.bias': dict(decay_mult=0)}))
