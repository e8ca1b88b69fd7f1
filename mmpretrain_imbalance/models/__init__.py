"""Around partial labels: data preprocessor, batch augmentations, heads; and the backbone of the digits."""

from .active_classes_head import ActiveClassesLinearClsHead
from .batch_labels import batch_labels
from .partial_label_csra_head import PartialCSRAClsHead
from .partial_label_cutmix import PartialCutMix
from .partial_label_data_preprocessor import PartialLabelDataPreprocessor
from .partial_label_linear_head import PartialMultiLabelLinearClsHead
from .partial_label_mixup import PartialMixup
from .small_conv_net import SmallConvNet

__all__ = [
    "ActiveClassesLinearClsHead",
    "PartialCSRAClsHead",
    "PartialCutMix",
    "PartialLabelDataPreprocessor",
    "PartialMixup",
    "PartialMultiLabelLinearClsHead",
    "SmallConvNet",
    "batch_labels",
]
