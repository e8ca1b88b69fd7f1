# Partial Label Masking (Duarte et al., CVPRW 2021, arXiv 2105.10782) of the known labels around the focal loss
# (Lin et al., ICCV 2017, arXiv 1708.02002). The composition and the numbers of the masking are ours.
_base_ = 'focal_loss.py'

loss = dict(
    _delete_=True,
    type='PartialLabelMaskingLoss',
    initial_ideal_ratio='uniform',  # masks from the first epoch; the paper uses 'class'
    rate=0.1,  # step size of the ideal ratios between epochs
    reduction='kept_per_class',  # divides each class by its kept fraction
    loss=_base_.loss,
)

search_space = {'loss.rate': [0.01, 0.1, 0.5]}
