# Partial Label Masking (Duarte et al., CVPRW 2021, arXiv 2105.10782) of the known labels around CSL
# (Ben-Baruch et al., CVPR 2022, arXiv 2110.10955), which selects among the unknown labels. The composition
# and the numbers of the masking are ours.
_base_ = 'class_aware_selective_loss.py'

loss = dict(
    _delete_=True,
    type='PartialLabelMaskingLoss',
    initial_ideal_ratio='uniform',  # masks from the first epoch; the paper uses 'class'
    rate=0.1,  # step size of the ideal ratios between epochs
    reduction='kept_per_class',  # divides each class by its kept fraction
    loss=_base_.loss,
)

# The keys of the file above would be wrong here, because its loss is held by another one.
search_space = dict(
    {'loss.rate': [0.01, 0.1, 0.5], 'loss.loss.prior_threshold': [None, 0.05, 0.5]}, _delete_=True
)
