# One positive label per image: the methods of Cole et al. (CVPR 2021, arXiv 2106.09708) and of later papers.
title = 'Methods for single positive labels'
description = (
    'One positive label of each image is known, and nothing else. This experiment compares the methods of '
    'Cole et al. (CVPR 2021) and of later papers with linear heads on frozen features of photographs. EPR and '
    'ROLE know the mean number of positives per image, as in the paper. Trials and thresholds are chosen on a '
    'validation part with the same labels, where unknown labels count as negatives.'
)
data = dict(corel5k=['single_positive'], clothing_attributes=['single_positive'])
methods = [
    'assume_negative_loss',
    'assume_negative_loss_smoothed',
    'assume_negative_loss_weak',
    'expected_positives_loss_k',
    'online_label_estimation_loss_k',
    'entropy_maximization_loss',
    'asymmetric_pseudo_label_loss',
    'large_loss',
    'large_loss_temporary',
    'permanent_large_loss',
    'generalized_robust_loss',
    'self_paced_correction_loss',
    'hill_loss',
]
# The known positives per image of the training sets, as label_report.py prints them.
_positives_per_image = dict(
    corel5k={'loss.expected_positives': 3.4}, clothing_attributes={'loss.expected_positives': 6.4}
)
variants = dict(
    expected_positives_loss_k=dict(method='expected_positives_loss', values_of_data=_positives_per_image),
    online_label_estimation_loss_k=dict(
        method='online_label_estimation_loss', values_of_data=_positives_per_image
    ),
)
yardstick = 'assume_negative_loss'
num_seeds = 5
num_trials = 4
figures = ['ranks']
