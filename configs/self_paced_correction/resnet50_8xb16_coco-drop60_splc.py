# SPLC with focal margin loss, Zhang et al. 2021 (arXiv 2112.07368), COCO 2014 with 40 % of the positives
# kept. Missing positives are annotated as negatives here, so the loss must be allowed to correct negatives.
_base_ = ['../_base_/protocols/coco_drop60.py', '../_base_/methods/self_paced_correction_loss.py']

# The reduction and the learning rate are those of the authors' code.
model = dict(head=dict(loss=dict(_base_.loss, reduction='sum')))
