# Hill loss, Zhang et al. 2021 (arXiv 2112.07368), COCO 2014 with 40 % of the positives kept; the others
# become negatives. The protocol and the simulation list the numbers of the authors and ours.
_base_ = ['../_base_/protocols/coco_drop60.py', '../_base_/methods/hill_loss.py']

# The reduction and the learning rate are those of the authors' code.
model = dict(head=dict(loss=dict(_base_.loss, reduction='sum')))
