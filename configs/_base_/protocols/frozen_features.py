# A linear head on stored features of frozen weights, with a schedule that runs in seconds on a CPU. 128
# images per step on one GPU or one CPU. A config adds the method, the folders, in_channels and num_classes.
_base_ = [
    '../datasets/features.py',
    '../models/feature_classifier.py',
    '../schedules/adamw_features_20e.py',
    '../features_runtime.py',
]
