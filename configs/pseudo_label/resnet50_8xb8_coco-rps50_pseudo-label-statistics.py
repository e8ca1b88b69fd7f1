# The three ideas of Zhang et al. 2023 (arXiv 2308.00166) together, on COCO 2014 with half of all labels
# unknown: pseudo-labels, weights from label statistics, and a label space that shrinks. All numbers are ours;
# the training settings are those of resnet50_8xb8_coco-rps50_ignore.py.
_base_ = ['../_base_/protocols/coco_half_known.py', '../_base_/methods/pseudo_label_loss_statistics.py']

model = dict(head=dict(loss=_base_.loss))
