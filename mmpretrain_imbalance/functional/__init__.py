"""Pure functions of tensors and arrays, without state, files or OpenMMLab."""

from .active_classes import active_class_weights
from .boost_lu import boost_lu
from .class_weights import (
    CLASS_BALANCED_SCHEMES,
    SCHEMES,
    balanced_class_weights,
    class_balanced_weights,
    positive_class_mean,
)
from .dense_labels import dense_labels, wrong_labels
from .estimate_prior import shifted_class_prior
from .feature_statistics import feature_statistics
from .labels import (
    NEGATIVE,
    POSITIVE,
    UNKNOWN,
    check_logits_and_labels,
    hard_labels,
    known_labels,
    unknown_as_negative,
    values_by_label,
)
from .linear_schedule import linear_schedule
from .losses.assume_negative_loss import ASSUME_NEGATIVE_VARIANTS, assume_negative_loss
from .losses.asymmetric_pseudo_label_loss import asymmetric_pseudo_label_loss, lowest_elements
from .losses.binary_cross_entropy import partial_binary_cross_entropy
from .losses.class_aware_selective_loss import TOPK_SCOPES, UNKNOWN_MODES, selective_keep, unknown_weights
from .losses.distribution_balanced_loss import distribution_balanced_loss, rebalanced_weights
from .losses.elementwise_loss_function import ElementwiseLossFunction, elementwise_loss_function
from .losses.entropy_maximization_loss import entropy_maximization_loss
from .losses.entropy_maximization_pseudo_label_loss import entropy_maximization_pseudo_label_loss
from .losses.expected_positives_loss import expected_positives_loss, expected_positives_regularizer
from .losses.generalized_pseudo_label_robust_loss import generalized_pseudo_label_robust_loss
from .losses.generalized_robust_loss import element_trust, generalized_robust_loss
from .losses.hill_loss import hill_loss
from .losses.large_loss import LARGE_LOSS_SCHEMES, large_loss, large_loss_rate, large_unknown_elements
from .losses.ldam_loss import label_distribution_margins, ldam_loss
from .losses.local_elements import local_elements
from .losses.loss_context import LossContext
from .losses.multi_grained_focal_loss import multi_grained_focal_loss, multi_grained_weights
from .losses.negative_log_sigmoid import focused_loss, negative_log_sigmoid
from .losses.online_label_estimation_loss import online_label_estimation_loss
from .losses.pairwise_ranking_loss import pairwise_ranking_loss
from .losses.partial_asymmetric_loss import partial_asymmetric_loss
from .losses.partial_label_masking_loss import (
    DIVERGENCES,
    histogram_divergence,
    keep_probabilities,
    partial_label_keep,
    partial_label_keep_weights,
    probability_histograms,
    update_ideal_ratio,
)
from .losses.poly1_loss import poly1_loss
from .losses.prior_matched_pseudo_label_loss import logit_histograms, matched_thresholds
from .losses.pseudo_label_loss import pseudo_labels, ramp_up
from .losses.reflective_label_corrector_loss import reflected_elements, reflective_label_corrector_loss
from .losses.self_paced_correction_loss import self_paced_correction_loss
from .losses.two_way_loss import two_way_loss
from .losses.zlpr_loss import zlpr_loss
from .method_advice import LabelFigures, MethodAdvice, advise_method, label_figures
from .method_ranks import MethodRanks, nemenyi_critical_difference, rank_methods
from .metrics.auroc import auroc
from .metrics.average_precision import average_precision, mean_average_precision, pooled_average_precision
from .metrics.best_thresholds import best_thresholds
from .metrics.calibration_error import (
    ReliabilityBins,
    calibration_error,
    pooled_calibration_error,
    reliability_bins,
)
from .metrics.class_groups import class_groups, named_class_groups, quantile_group_thresholds, rarest_classes
from .metrics.known_elements import KnownElements, known_elements, label_coverage
from .metrics.multi_label_scores import ClassScores, class_scores, exact_match, multi_label_scores
from .metrics.paired_bootstrap import BootstrapDifference, paired_bootstrap, resampled_difference
from .metrics.predicted_labels import labels_above, top_labels
from .metrics.resampled_metrics import resampled_metrics
from .missing_positives import missing_positives
from .mix_labels import mix_labels
from .paired_tests import PairedDifference, holm_correction, paired_t_test, seeds_and_images_test
from .random_numbers import chance, random_numbers
from .reductions import REDUCTIONS, reduce_elements
from .sampling import class_repeat_factors, image_values, systematic_rounding
from .simulation import simulate_partial_labels
from .suspect_scores import given_label_probability, question_scores, ranks_in_groups

__all__ = [
    "ASSUME_NEGATIVE_VARIANTS",
    "CLASS_BALANCED_SCHEMES",
    "DIVERGENCES",
    "LARGE_LOSS_SCHEMES",
    "NEGATIVE",
    "POSITIVE",
    "REDUCTIONS",
    "SCHEMES",
    "TOPK_SCOPES",
    "UNKNOWN",
    "UNKNOWN_MODES",
    "BootstrapDifference",
    "ClassScores",
    "ElementwiseLossFunction",
    "KnownElements",
    "LabelFigures",
    "LossContext",
    "MethodAdvice",
    "MethodRanks",
    "PairedDifference",
    "ReliabilityBins",
    "active_class_weights",
    "advise_method",
    "assume_negative_loss",
    "asymmetric_pseudo_label_loss",
    "auroc",
    "average_precision",
    "balanced_class_weights",
    "best_thresholds",
    "boost_lu",
    "calibration_error",
    "chance",
    "check_logits_and_labels",
    "class_balanced_weights",
    "class_groups",
    "class_repeat_factors",
    "class_scores",
    "dense_labels",
    "distribution_balanced_loss",
    "element_trust",
    "elementwise_loss_function",
    "entropy_maximization_loss",
    "entropy_maximization_pseudo_label_loss",
    "exact_match",
    "expected_positives_loss",
    "expected_positives_regularizer",
    "feature_statistics",
    "focused_loss",
    "generalized_pseudo_label_robust_loss",
    "generalized_robust_loss",
    "given_label_probability",
    "hard_labels",
    "hill_loss",
    "histogram_divergence",
    "holm_correction",
    "image_values",
    "keep_probabilities",
    "known_elements",
    "known_labels",
    "label_coverage",
    "label_distribution_margins",
    "label_figures",
    "labels_above",
    "large_loss",
    "large_loss_rate",
    "large_unknown_elements",
    "ldam_loss",
    "linear_schedule",
    "local_elements",
    "logit_histograms",
    "lowest_elements",
    "matched_thresholds",
    "mean_average_precision",
    "missing_positives",
    "mix_labels",
    "multi_grained_focal_loss",
    "multi_grained_weights",
    "multi_label_scores",
    "named_class_groups",
    "negative_log_sigmoid",
    "nemenyi_critical_difference",
    "online_label_estimation_loss",
    "paired_bootstrap",
    "paired_t_test",
    "pairwise_ranking_loss",
    "partial_asymmetric_loss",
    "partial_binary_cross_entropy",
    "partial_label_keep",
    "partial_label_keep_weights",
    "poly1_loss",
    "pooled_average_precision",
    "pooled_calibration_error",
    "positive_class_mean",
    "probability_histograms",
    "pseudo_labels",
    "quantile_group_thresholds",
    "question_scores",
    "ramp_up",
    "random_numbers",
    "rank_methods",
    "ranks_in_groups",
    "rarest_classes",
    "rebalanced_weights",
    "reduce_elements",
    "reflected_elements",
    "reflective_label_corrector_loss",
    "reliability_bins",
    "resampled_difference",
    "resampled_metrics",
    "seeds_and_images_test",
    "selective_keep",
    "self_paced_correction_loss",
    "shifted_class_prior",
    "simulate_partial_labels",
    "systematic_rounding",
    "top_labels",
    "two_way_loss",
    "unknown_as_negative",
    "unknown_weights",
    "update_ideal_ratio",
    "values_by_label",
    "wrong_labels",
    "zlpr_loss",
]
