# ASL, Ridnik et al. (ICCV 2021, arXiv 2009.14119), COCO 2014, fully labeled. What is the authors' and what
# is ours is said in the protocol and in the method.
_base_ = ['../_base_/protocols/coco_all_known.py', '../_base_/methods/partial_asymmetric_loss.py']

model = dict(
    head=dict(loss=dict(_base_.loss, reduction='sum'))
)  # as the authors; the learning rate is theirs
