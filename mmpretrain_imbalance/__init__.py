"""MMPretrain plugin for training on imbalanced, partially annotated multi-label images.

Importing this package registers its classes in the registries of MMPretrain. It also makes MMEngine load
checkpoints with the weights-only mode of ``torch.load``, adds the configs to ``mmpretrain.list_models`` and
``mmpretrain.get_model``, and adds multi-label models to ``mmpretrain.inference_model``. Names are not
imported lazily: a config with ``custom_imports`` uses no name of the package, and an imported module does not
run again.
"""

from .apis import MultiLabelInferencer
from .apis.inference_model import extend_inference_model
from .apis.model_index import register_models
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
    PartialLabelDataset,
    RepeatFactorSampler,
    SimulatePartialLabels,
    label_counts,
)
from .hooks import (
    AveragedPredictionsHook,
    BestThresholdsHook,
    LabelStatisticsHook,
    RefitHeadHook,
    SoftLabelsHook,
)
from .losses import (
    AssumeNegativeLoss,
    AsymmetricPseudoLabelLoss,
    ClassAwareSelectiveLoss,
    ClassBalancedLoss,
    ClassPriorTrackingLoss,
    DistributionBalancedLoss,
    EntropyMaximizationLoss,
    EntropyMaximizationPseudoLabelLoss,
    ExpectedPositivesLoss,
    GeneralizedPseudoLabelRobustLoss,
    GeneralizedRobustLoss,
    HillLoss,
    LabelSpaceReductionLoss,
    LargeLoss,
    LDAMLoss,
    MultiGrainedFocalLoss,
    OnlineLabelEstimationLoss,
    PairwiseRankingLoss,
    PartialAsymmetricLoss,
    PartialLabelMaskingLoss,
    PermanentLargeLoss,
    Poly1Loss,
    PriorMatchedPseudoLabelLoss,
    PseudoLabelLoss,
    ReflectiveLabelCorrectorLoss,
    SelectiveNegativeLoss,
    SelfPacedCorrectionLoss,
    SoftLabelLoss,
    StatisticsBalancedLoss,
    TwoWayLoss,
    ZLPRLoss,
)
from .metrics import DumpPredictions, PartialLabelAveragePrecision, PartialLabelMetric
from .models import (
    ActiveClassesLinearClsHead,
    PartialLabelCSRAClsHead,
    PartialLabelCutMix,
    PartialLabelDataPreprocessor,
    PartialLabelLinearClsHead,
    PartialLabelMixup,
    SmallConvNet,
    ThreeStageResNet,
)
from .utils.atomic_backend import make_local_files_atomic
from .utils.safe_checkpoints import make_checkpoint_loaders_safe

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
    "EntropyMaximizationLoss",
    "EntropyMaximizationPseudoLabelLoss",
    "ExpectedPositivesLoss",
    "GeneralizedPseudoLabelRobustLoss",
    "GeneralizedRobustLoss",
    "HillLoss",
    "LDAMLoss",
    "LabelCounts",
    "LabelSpaceReductionLoss",
    "LabelStatisticsHook",
    "LabelStore",
    "LabelStoreDataset",
    "LargeLoss",
    "MergedPartialLabels",
    "MultiDigits",
    "MultiGrainedFocalLoss",
    "MultiLabelInferencer",
    "OnlineLabelEstimationLoss",
    "PackPartialInputs",
    "PairwiseRankingLoss",
    "PartialAsymmetricLoss",
    "PartialLabelAveragePrecision",
    "PartialLabelCSRAClsHead",
    "PartialLabelCutMix",
    "PartialLabelDataPreprocessor",
    "PartialLabelDataset",
    "PartialLabelLinearClsHead",
    "PartialLabelMaskingLoss",
    "PartialLabelMetric",
    "PartialLabelMixup",
    "PermanentLargeLoss",
    "Poly1Loss",
    "PriorMatchedPseudoLabelLoss",
    "PseudoLabelLoss",
    "RefitHeadHook",
    "ReflectiveLabelCorrectorLoss",
    "RepeatFactorSampler",
    "SelectiveNegativeLoss",
    "SelfPacedCorrectionLoss",
    "SimulatePartialLabels",
    "SmallConvNet",
    "SoftLabelLoss",
    "SoftLabelsHook",
    "StatisticsBalancedLoss",
    "ThreeStageResNet",
    "TwoWayLoss",
    "ZLPRLoss",
    "label_counts",
]

make_checkpoint_loaders_safe()
make_local_files_atomic()
register_models()
extend_inference_model()
