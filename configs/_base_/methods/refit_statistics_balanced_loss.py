# Class weights, after Zhang et al. 2023 (arXiv 2308.00166): the root of negatives / positives, up to 10. Then
# a refit of the linear head after the last epoch, see docs/refit_head.md. The numbers and the refit are ours.
_base_ = 'statistics_balanced_loss.py'

loss = dict(power=0.5, max_weight=10)

hooks = [dict(type='RefitHeadHook')]
