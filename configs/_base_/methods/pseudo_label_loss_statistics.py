# The three parts of Zhang et al. 2023 (arXiv 2308.00166) together: pseudo-labels, weights from label
# statistics, and a label space that shrinks. Of the paper only the abstract was at hand, which has no
# numbers: all of them are ours.
_base_ = 'pseudo_label_loss.py'

loss = dict(
    ramp_epochs=5,  # the weight of pseudo-labels grows from 0 to 1 in so many epochs
    loss=dict(
        _delete_=True,
        type='LabelSpaceReductionLoss',
        active_fraction=(1.0, 0.5),  # of the classes, in the first and in the last epoch
        loss=dict(
            type='StatisticsBalancedLoss',
            max_weight=10,  # largest weight of a class
            loss=dict(_base_.loss.loss, reduction='mean_images'),
        ),
    ),
)
