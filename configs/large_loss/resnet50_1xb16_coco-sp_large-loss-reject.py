# LL-R, Kim et al. (CVPR 2022, arXiv 2206.03740), single positives on COCO 2014. From their code: batch size
# 16, learning rate 1e-5. They choose the epoch on a fifth of the training images.
_base_ = ['../_base_/protocols/coco_single_positive.py', '../_base_/methods/large_loss.py']

model = dict(head=dict(loss=_base_.loss))

# The authors train the last layer with ten times the learning rate.
optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'head.fc': dict(lr_mult=10)}))
