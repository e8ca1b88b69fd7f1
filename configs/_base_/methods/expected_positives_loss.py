# EPR, Cole et al. (CVPR 2021, arXiv 2106.09708). A config sets expected_positives, the expected number of
# positives per image. The mean over all elements is that of their code.
loss = dict(type='ExpectedPositivesLoss', reduction='mean')
