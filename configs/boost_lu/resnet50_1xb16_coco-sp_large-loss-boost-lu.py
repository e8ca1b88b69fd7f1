# BoostLU with LL-R, Kim et al. (CVPR 2023, arXiv 2304.01804), single positives on COCO 2014; alpha 5, delta
# 0.5, batch size 16, learning rate 1e-5 and ten times that for the last layer are those of their code.
_base_ = ['../_base_/protocols/coco_single_positive.py', '../_base_/methods/boost_lu.py']

# Maps are boosted before they are averaged over the image, so the neck must not pool them.
model = dict(neck=None, head=dict(_base_.head, loss=_base_.loss))

# The authors train the last layer with ten times the learning rate.
optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'head.fc': dict(lr_mult=10)}))
