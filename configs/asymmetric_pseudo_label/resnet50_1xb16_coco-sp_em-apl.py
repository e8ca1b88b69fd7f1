# EM + APL, Zhou et al. (ECCV 2022, arXiv 2203.16219), single positives on COCO 2014; alpha, beta, proportion,
# warm-up, batch size 16 and learning rate 1e-5 are those of their code. They stop at the first epoch without
# an improvement on held-out images; this config trains all 10 epochs.
_base_ = ['../_base_/protocols/coco_single_positive.py', '../_base_/methods/asymmetric_pseudo_label_loss.py']

model = dict(head=dict(_base_.head, loss=_base_.loss))
