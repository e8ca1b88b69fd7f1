"""Losses for MMPretrain's heads: elementwise losses, and wrappers around them."""

from .assume_negative_loss import AssumeNegativeLoss
from .asymmetric_pseudo_label_loss import AsymmetricPseudoLabelLoss
from .base.elementwise_loss import Elements, ElementwiseLoss
from .base.given_pseudo_labels import GivenPseudoLabels
from .base.loss_state import LossState
from .base.mmpretrain_loss_adapter import MMPretrainLossAdapter, build_elementwise_loss
from .base.per_sample_memory import PerSampleMemory
from .base.traits import Traits
from .base.unknown_as_negative_loss import UnknownAsNegativeLoss
from .base.wrapper_loss import WrapperLoss
from .class_aware_selective_loss import ClassAwareSelectiveLoss
from .class_balanced_loss import ClassBalancedLoss
from .class_prior_tracking_loss import ClassPriorTrackingLoss
from .distribution_balanced_loss import DistributionBalancedLoss
from .entropy_maximization_loss import EntropyMaximizationLoss
from .entropy_maximization_pseudo_label_loss import EntropyMaximizationPseudoLabelLoss
from .expected_positives_loss import ExpectedPositivesLoss
from .generalized_pseudo_label_robust_loss import GeneralizedPseudoLabelRobustLoss
from .generalized_robust_loss import GeneralizedRobustLoss
from .hill_loss import HillLoss
from .label_space_reduction_loss import LabelSpaceReductionLoss
from .large_loss import LargeLoss
from .ldam_loss import LDAMLoss
from .multi_grained_focal_loss import MultiGrainedFocalLoss
from .online_label_estimation_loss import OnlineLabelEstimationLoss
from .pairwise_ranking_loss import PairwiseRankingLoss
from .partial_asymmetric_loss import PartialAsymmetricLoss
from .partial_label_masking_loss import PartialLabelMaskingLoss
from .permanent_large_loss import PermanentLargeLoss
from .poly1_loss import Poly1Loss
from .prior_matched_pseudo_label_loss import PriorMatchedPseudoLabelLoss
from .pseudo_label_loss import PseudoLabelLoss
from .reflective_label_corrector_loss import ReflectiveLabelCorrectorLoss
from .selective_negative_loss import SelectiveNegativeLoss
from .self_paced_correction_loss import SelfPacedCorrectionLoss
from .soft_label_loss import SoftLabelLoss
from .statistics_balanced_loss import StatisticsBalancedLoss
from .two_way_loss import TwoWayLoss
from .zlpr_loss import ZLPRLoss

__all__ = [
    "AssumeNegativeLoss",
    "AsymmetricPseudoLabelLoss",
    "ClassAwareSelectiveLoss",
    "ClassBalancedLoss",
    "ClassPriorTrackingLoss",
    "DistributionBalancedLoss",
    "Elements",
    "ElementwiseLoss",
    "EntropyMaximizationLoss",
    "EntropyMaximizationPseudoLabelLoss",
    "ExpectedPositivesLoss",
    "GeneralizedPseudoLabelRobustLoss",
    "GeneralizedRobustLoss",
    "GivenPseudoLabels",
    "HillLoss",
    "LDAMLoss",
    "LabelSpaceReductionLoss",
    "LargeLoss",
    "LossState",
    "MMPretrainLossAdapter",
    "MultiGrainedFocalLoss",
    "OnlineLabelEstimationLoss",
    "PairwiseRankingLoss",
    "PartialAsymmetricLoss",
    "PartialLabelMaskingLoss",
    "PerSampleMemory",
    "PermanentLargeLoss",
    "Poly1Loss",
    "PriorMatchedPseudoLabelLoss",
    "PseudoLabelLoss",
    "ReflectiveLabelCorrectorLoss",
    "SelectiveNegativeLoss",
    "SelfPacedCorrectionLoss",
    "SoftLabelLoss",
    "StatisticsBalancedLoss",
    "Traits",
    "TwoWayLoss",
    "UnknownAsNegativeLoss",
    "WrapperLoss",
    "ZLPRLoss",
    "build_elementwise_loss",
]
