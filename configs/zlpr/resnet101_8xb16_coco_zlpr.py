# ZLPR, Su et al. 2022 (arXiv 2208.02955), on COCO 2014. The set-ups of their experiments were not at hand,
# and the loss has no numbers: everything here is the set-up of ASL (arXiv 2009.14119), and so ours.
_base_ = ['../_base_/protocols/coco_all_known.py', '../_base_/methods/zlpr_loss.py']

model = dict(head=dict(loss=_base_.loss))
