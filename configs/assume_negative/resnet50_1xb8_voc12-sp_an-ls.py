# AN-LS, Cole et al. (CVPR 2021, arXiv 2106.09708), single positives on VOC 2012; the smoothing of 0.1 is from
# their code.
_base_ = [
    '../_base_/protocols/voc2012_single_positive.py',
    '../_base_/methods/assume_negative_loss_smoothed.py',
]

model = dict(head=dict(loss=_base_.loss))
