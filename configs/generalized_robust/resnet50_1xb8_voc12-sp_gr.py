# GR, Chen et al. (IJCAI 2024, arXiv 2405.03501), single positives on VOC 2012. From their code: 8 epochs,
# batch size 8, learning rate 1e-5, ten times that for the last layer, and the schedules of the loss. They
# choose the epoch on a fifth of the images.
_base_ = ['../_base_/protocols/voc2012_single_positive.py', '../_base_/methods/generalized_robust_loss.py']

model = dict(head=dict(loss=_base_.loss))

train_cfg = dict(max_epochs=8)
# The authors train the last layer with ten times the learning rate.
optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'head.fc': dict(lr_mult=10)}))
