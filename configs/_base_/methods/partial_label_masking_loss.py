# PLM, Duarte et al. (CVPRW 2021, arXiv 2105.10782). The initial ideal ratio is that of the paper. The paper's
# rate is unknown to us, so the rate is ours.
_base_ = 'binary_cross_entropy.py'

loss = dict(
    _delete_=True,
    type='PartialLabelMaskingLoss',
    initial_ideal_ratio='class',  # the first epoch masks nothing; 'uniform' (ours) masks from the first epoch
    rate=0.01,  # step size of the ideal ratios between epochs
    reduction='mean_images',  # 'kept_per_class' (ours) divides each class by its kept fraction
    loss=_base_.loss,
)

search_space = {
    'loss.initial_ideal_ratio': ['class', 'uniform'],
    'loss.reduction': ['mean_images', 'kept_per_class'],
}
