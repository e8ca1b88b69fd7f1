# LDAM, Cao et al. (NeurIPS 2019, arXiv 1906.07413), long-tailed CIFAR-10. From their code: factor 100, cosine
# logits, SGD, 200 epochs, batch size 128. MMPretrain's ArcFace head without a margin computes the cosines.
_base_ = [
    '../_base_/protocols/cifar10_single_label.py',
    '../_base_/methods/ldam_loss.py',
]

model = dict(head=dict(type='ArcFaceClsHead', scale=1.0, margins=0.0, loss=_base_.loss))

# The re-weighted second part of resnet32_1xb128_cifar10-lt_ldam-drw.py starts after epoch 160.
default_hooks = dict(checkpoint=dict(interval=40, max_keep_ckpts=5))
