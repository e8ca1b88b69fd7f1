# LDAM-DRW, Cao et al. (NeurIPS 2019, arXiv 1906.07413), long-tailed CIFAR-10: the last 40 epochs, after epoch
# 160 of resnet32_1xb128_cifar10-lt_ldam.py. MMPretrain's ArcFace head without a margin computes the cosines.
_base_ = [
    '../_base_/protocols/cifar10_single_label.py',
    '../_base_/methods/ldam_loss_reweighted.py',
]

load_from = 'work_dirs/resnet32_1xb128_cifar10-lt_ldam/epoch_160.pth'
resume = True

model = dict(head=dict(type='ArcFaceClsHead', scale=1.0, margins=0.0, loss=_base_.loss))

default_hooks = dict(checkpoint=dict(interval=40, max_keep_ckpts=5))
