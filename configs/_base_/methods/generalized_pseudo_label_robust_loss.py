# GPR of AEVLP, Tran et al. (ICCV 2025, arXiv 2508.20381). Every number is the default of the class. A config
# sets pseudo_labels, a file of pseudo-labels, and expected_positives, the expected number of positives per
# image.
loss = dict(type='GeneralizedPseudoLabelRobustLoss')

# The pseudo-labels are indexed by sample id, which this head passes to the loss.
head = dict(type='PartialLabelLinearClsHead')
