# LL-R, Kim et al. (CVPR 2022, arXiv 2206.03740), single positives on COCO 2014. From their code: batch size 16, learning rate 1e-5,
# ten times that for the last layer. It leaves delta open (0.1 to 0.5); 0.5 is what the first author's later code
# (arXiv 2304.01804) has for this scheme. They choose the epoch on a fifth of the training images.
_base_ = '../_base_/protocols/coco_single_positive.py'

model = dict(head=dict(loss=dict(_delete_=True, type='LargeLoss', scheme='reject', delta=0.5, reduction='mean')))

optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'head.fc': dict(lr_mult=10)}))
