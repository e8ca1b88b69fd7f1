# ASL, Ridnik et al. (ICCV 2021, arXiv 2009.14119), COCO 2014, fully labeled. The protocol and the method list
# the numbers of the authors and ours.
_base_ = ['../_base_/protocols/coco_all_known.py', '../_base_/methods/partial_asymmetric_loss.py']

# The reduction and the learning rate are those of the authors' code.
model = dict(head=dict(loss=dict(_base_.loss, reduction='sum')))
