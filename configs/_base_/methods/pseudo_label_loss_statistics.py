# The three parts of Zhang et al. 2023 (arXiv 2308.00166) together: pseudo-labels, weights from label
# statistics, and a label space that shrinks. We had only the abstract of the paper, which has no numbers: all
# numbers are ours.
_base_ = 'pseudo_label_loss.py'

loss = dict(
    ramp_epochs=5,  # number of epochs in which the weight of pseudo-labels increases from 0 to 1
    loss=dict(
        _delete_=True,
        type='LabelSpaceReductionLoss',
        active_fraction=(1.0, 0.5),  # fraction of active classes in the first and in the last epoch
        loss=dict(
            type='StatisticsBalancedLoss',
            max_weight=10,  # largest weight of a class
            loss=dict(_base_.loss.loss, reduction='mean_images'),
        ),
    ),
)
