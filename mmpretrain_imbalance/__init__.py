"""Imbalanced, partially annotated multi-label training for MMPretrain.

Importing this package registers everything in MMPretrain's registries and makes MMEngine load checkpoints
with torch's weights-only safety on.
"""

from .apis import MultiLabelInferencer
from .datasets import (
    ClassAwareSampler,
    ClassWeightedSampler,
    DifficultAsUnknown,
    LabelCounts,
    LabelStore,
    LabelStoreDataset,
    MergedPartialLabels,
    MultiDigits,
    PackPartialInputs,
    PartialMultiLabelDataset,
    RepeatFactorSampler,
    SimulatePartialLabels,
    label_counts,
)
from .hooks import AveragedPredictionsHook, BestThresholdsHook, LabelStatisticsHook
from .losses import (
    AssumeNegativeLoss,
    AsymmetricPseudoLabelLoss,
    ClassAwareSelectiveLoss,
    ClassBalancedLoss,
    ClassPriorTrackingLoss,
    DistributionBalancedLoss,
    EntropyMaximisationLoss,
    ExpectedPositivesLoss,
    GeneralisedRobustLoss,
    HillLoss,
    LabelDistributionMarginLoss,
    LabelSpaceReductionLoss,
    LargeLoss,
    OnlineLabelEstimationLoss,
    PartialAsymmetricLoss,
    PartialLabelMaskingLoss,
    PermanentLargeLoss,
    PriorMatchedPseudoLabelLoss,
    PseudoLabelLoss,
    SelectiveNegativeLoss,
    SelfPacedCorrectionLoss,
    StatisticsBalancedLoss,
    TwoWayLoss,
    ZLPRLoss,
)
from .metrics import DumpPredictions, PartialAveragePrecision, PartialMultiLabelMetric
from .models import (
    ActiveClassesLinearClsHead,
    PartialCSRAClsHead,
    PartialCutMix,
    PartialLabelDataPreprocessor,
    PartialMixup,
    PartialMultiLabelLinearClsHead,
    SmallConvNet,
)
from .safe_checkpoints import make_checkpoint_loaders_safe

__version__ = "0.1.0"

__all__ = [
    "ActiveClassesLinearClsHead",
    "AssumeNegativeLoss",
    "AsymmetricPseudoLabelLoss",
    "AveragedPredictionsHook",
    "BestThresholdsHook",
    "ClassAwareSampler",
    "ClassAwareSelectiveLoss",
    "ClassBalancedLoss",
    "ClassPriorTrackingLoss",
    "ClassWeightedSampler",
    "DifficultAsUnknown",
    "DistributionBalancedLoss",
    "DumpPredictions",
    "EntropyMaximisationLoss",
    "ExpectedPositivesLoss",
    "GeneralisedRobustLoss",
    "HillLoss",
    "LabelCounts",
    "LabelDistributionMarginLoss",
    "LabelSpaceReductionLoss",
    "LabelStatisticsHook",
    "LabelStore",
    "LabelStoreDataset",
    "LargeLoss",
    "MergedPartialLabels",
    "MultiDigits",
    "MultiLabelInferencer",
    "OnlineLabelEstimationLoss",
    "PackPartialInputs",
    "PartialAsymmetricLoss",
    "PartialAveragePrecision",
    "PartialCSRAClsHead",
    "PartialCutMix",
    "PartialLabelDataPreprocessor",
    "PartialLabelMaskingLoss",
    "PartialMixup",
    "PartialMultiLabelDataset",
    "PartialMultiLabelLinearClsHead",
    "PartialMultiLabelMetric",
    "PermanentLargeLoss",
    "PriorMatchedPseudoLabelLoss",
    "PseudoLabelLoss",
    "RepeatFactorSampler",
    "SelectiveNegativeLoss",
    "SelfPacedCorrectionLoss",
    "SimulatePartialLabels",
    "SmallConvNet",
    "StatisticsBalancedLoss",
    "TwoWayLoss",
    "ZLPRLoss",
    "label_counts",
]

make_checkpoint_loaders_safe()
