# LDAM-DRW, Cao et al. (NeurIPS 2019, arXiv 1906.07413), long-tailed CIFAR-10: after epoch 160 of resnet28_cifar10-lt_ldam.py, images are
# weighted by the effective number of their class, beta 0.9999 as in their code (which divides
# by the sum of the weights of a batch; here it is the number of images).
_base_ = 'resnet28_cifar10-lt_ldam.py'

load_from = 'work_dirs/resnet28_cifar10-lt_ldam/epoch_160.pth'
resume = True

model = dict(
    head=dict(
        loss=dict(
            _delete_=True,
            type='ClassBalancedLoss',
            scheme='effective_number',
            beta=0.9999,
            scope='image',
            loss=dict(type='LDAMLoss', max_margin=0.5, scale=30.0))))
