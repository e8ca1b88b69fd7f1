# Focal loss, Lin et al. (ICCV 2017, arXiv 1708.02002), on COCO 2014 as whole images. Their own experiment is
# object detection, with gamma 2. The loss without alpha and all other settings are those of ASL (arXiv
# 2009.14119), whose authors compare with the focal loss.
_base_ = ['../_base_/protocols/coco_all_known.py', '../_base_/methods/focal_loss.py']

# The reduction and the learning rate are those of ASL.
model = dict(head=dict(loss=dict(_base_.loss, reduction='sum')))
