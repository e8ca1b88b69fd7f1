"""Soft labels of unknown elements, from features and known labels of a training set."""

from .co_occurrence import correct_by_co_occurrence
from .neighbor_scores import neighbor_scores
from .out_of_fold_logits import out_of_fold_logits
from .principal_components import principal_components
from .prior_matching import match_prior
from .soft_labels import PENALTIES, classes_with_both_labels, soft_labels
from .stacked_logits import StackedLogits, stack_logits

__all__ = [
    "PENALTIES",
    "StackedLogits",
    "classes_with_both_labels",
    "correct_by_co_occurrence",
    "match_prior",
    "neighbor_scores",
    "out_of_fold_logits",
    "principal_components",
    "soft_labels",
    "stack_logits",
]
