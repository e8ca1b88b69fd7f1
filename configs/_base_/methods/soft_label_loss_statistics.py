# The three ideas of Zhang et al. 2023 (arXiv 2308.00166) in this project's form: soft labels, a label space that shrinks,
# and weights from label statistics. We had only the abstract of the paper, which has no numbers: all numbers
# are ours.
_base_ = 'soft_label_loss.py'

loss = dict(
    loss=dict(
        _delete_=True,
        type='LabelSpaceReductionLoss',
        active_fraction=(1.0, 0.5),  # fraction of active classes in the first and in the last epoch
        loss=dict(
            type='StatisticsBalancedLoss',
            power=0.5,  # the weight of positives is (negatives / positives) ** power
            max_weight=10,  # largest weight of a class
            normalize=False,  # weights positives only
            loss=_base_.loss.loss,
        ),
    ),
)

search_space = {'loss.weight': [1.0, 0.3, 0.1], 'loss.loss.loss.power': [0.5, 0.0, 1.0]}
