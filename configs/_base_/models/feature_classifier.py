# A linear head on stored features, which are standardized first. A config sets in_channels, statistics,
# num_classes and the loss of the head.
model = dict(
    type='ImageClassifier',
    data_preprocessor=dict(type='PartialLabelDataPreprocessor'),
    backbone=dict(type='FeatureBackbone'),
    head=dict(type='PartialLabelLinearClsHead'),
)
