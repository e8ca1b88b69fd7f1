# A linear head on stored features of your images. tools/extract_features.py writes the features, and a config
# of this form with the numbers of features and classes.
_base_ = ['../_base_/protocols/frozen_features.py', '../_base_/methods/binary_cross_entropy.py']

# Frequently modified parameters. Batch size, epochs and learning rate are in the base files.
features = 'data/features'  # folder of the feature stores and of statistics.npz
num_features, num_classes = 1280, 20

model = dict(
    backbone=dict(in_channels=num_features, statistics=f'{features}/statistics.npz'),
    head=dict(in_channels=num_features, num_classes=num_classes, loss=_base_.loss),
)
