# Imbalanced, fully labeled digits: binary cross-entropy with positives weighted by negatives / positives of the class.
_base_ = [
    '../_base_/datasets/digits.py', '../_base_/models/small_conv_net.py', '../_base_/schedules/digits_20e.py',
    '../_base_/digits_runtime.py'
]

model = dict(
    head=dict(
        loss=dict(
            _delete_=True,
            type='StatisticsBalancedLoss',
            max_weight=10,
            normalize=False,  # positives weigh more, negatives as much as ever
            loss=dict(type='PartialAsymmetricLoss', unknown='ignore'))))
