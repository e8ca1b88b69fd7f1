# Binary cross-entropy over the known labels that also estimates the class prior: the temporary model of CSL,
# Ben-Baruch et al. (CVPR 2022, arXiv 2110.10955). The run writes class_prior.json into its work_dir; the
# gradients are those of the held loss.
_base_ = 'binary_cross_entropy.py'

loss = dict(_delete_=True, type='ClassPriorTrackingLoss', loss=_base_.loss)
