# EPR, Cole et al. (CVPR 2021, arXiv 2106.09708), single positives on NUS-WIDE; the 1.9 positives per image
# are from their code. They train on the 150,000 images that could still be downloaded in 2020.
_base_ = ['../_base_/protocols/nus_wide_single_positive.py', '../_base_/methods/expected_positives_loss.py']

model = dict(head=dict(loss=dict(_base_.loss, expected_positives=1.9)))
