# Methods on handwritten digits, which a CPU trains end to end in seconds. Data, settings and methods are ours.
title = 'Methods on digits'
description = (
    'A small network is trained end to end on canvases with 1 to 4 real handwritten digits, of which the most '
    'frequent is about a hundred times as common as the rarest. Every method has the numbers of its file, which '
    'were not tuned for these settings.'
)
data = dict(digits_all_known=['as_annotated', 'rps:0.5', 'rps:0.9', 'fpc:50', 'single_positive'])
methods = [
    'binary_cross_entropy',
    'assume_negative_loss',
    'assume_negative_loss_weak',
    'statistics_balanced_loss',
    'partial_asymmetric_loss',
    'distribution_balanced_loss',
    'partial_label_masking_loss_uniform',
    'class_aware_selective_loss',
    'partial_label_masking_loss_selective',
    'pseudo_label_loss',
    'soft_label_loss',
    'hill_loss',
    'entropy_maximization_loss',
    'asymmetric_pseudo_label_loss',
    'refit_binary_cross_entropy',
    'refit_statistics_balanced_loss',
]
yardstick = 'binary_cross_entropy'
num_seeds = 3
num_trials = 1
metrics = ['mAP', 'mAP_rarest', 'macro_f1', 'macro_f1_chosen', 'f1_rarest']
