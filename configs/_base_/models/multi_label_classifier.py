# A linear multi-label head that passes sample ids to the loss. A config sets the backbone, in_channels and
# num_classes.
model = dict(
    type='ImageClassifier',
    data_preprocessor=dict(type='PartialLabelDataPreprocessor'),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='PartialLabelLinearClsHead'),
)
