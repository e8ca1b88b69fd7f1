# AN, Cole et al. (CVPR 2021, arXiv 2106.09708), and a refit of the linear head after the last epoch with the
# known labels, which is ours, see docs/refit_head.md. If no negatives are annotated, unknown labels are
# negatives in the refit, too.
_base_ = 'assume_negative_loss.py'

hooks = [dict(type='RefitHeadHook')]
