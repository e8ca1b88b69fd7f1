# EM, Zhou et al. (ECCV 2022, arXiv 2203.16219), single positives on VOC 2012; batch size 8 and learning rate
# 1e-5 are those of their code. They stop at the first epoch without an improvement on held-out images; this
# config trains all 10 epochs.
_base_ = ['../_base_/protocols/voc2012_single_positive.py', '../_base_/methods/entropy_maximization_loss.py']

model = dict(head=dict(loss=dict(_base_.loss, alpha=0.2)))  # as in their code for VOC
