# Binary cross-entropy over the known labels, and a refit of the linear head after the last epoch, see
# docs/refit_head.md. One candidate of the refit is after Chong et al. 2024 (arXiv 2401.16991), the others are
# ours. The line with the hook adds the refit to any other method.
_base_ = 'binary_cross_entropy.py'

hooks = [dict(type='RefitHeadHook')]
