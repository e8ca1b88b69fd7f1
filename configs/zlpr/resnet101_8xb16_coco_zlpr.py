# ZLPR, Su et al. 2022 (arXiv 2208.02955), on COCO 2014. We do not have the set-ups of their experiments, and
# the loss has no hyper-parameters. The set-up is that of ASL (arXiv 2009.14119), which is our choice.
_base_ = ['../_base_/protocols/coco_all_known.py', '../_base_/methods/zlpr_loss.py']

model = dict(head=dict(loss=_base_.loss))
