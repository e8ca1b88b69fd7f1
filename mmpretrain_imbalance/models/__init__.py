"""Data preprocessor, batch augmentations and heads for partial labels, and small backbones."""

from .active_classes_head import ActiveClassesLinearClsHead
from .batch_labels import batch_labels
from .class_hardness import ClassHardness
from .class_thresholds import ClassThresholdsMixin
from .feature_backbone import FeatureBackbone
from .loss_context_mixin import LossContextMixin
from .partial_label_csra_head import PartialLabelCSRAClsHead
from .partial_label_cutmix import PartialLabelCutMix
from .partial_label_data_preprocessor import PartialLabelDataPreprocessor
from .partial_label_linear_head import PartialLabelLinearClsHead
from .partial_label_mixup import PartialLabelMixup
from .small_conv_net import SmallConvNet
from .three_stage_resnet import ThreeStageResNet

__all__ = [
    "ActiveClassesLinearClsHead",
    "ClassHardness",
    "ClassThresholdsMixin",
    "FeatureBackbone",
    "LossContextMixin",
    "PartialLabelCSRAClsHead",
    "PartialLabelCutMix",
    "PartialLabelDataPreprocessor",
    "PartialLabelLinearClsHead",
    "PartialLabelMixup",
    "SmallConvNet",
    "ThreeStageResNet",
    "batch_labels",
]
