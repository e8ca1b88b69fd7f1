"""Rules that choose decision thresholds from validation scores, compared by compare_threshold_rules.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from mmpretrain_imbalance.functional import best_thresholds


@dataclass(frozen=True)
class ClassOfValidation:
    """Known elements of one class, sorted by descending score.

    Attributes:
        scores: Scores, of shape (K,).
        positive: 1 for known positives, 0 for known negatives, of shape (K,).
        num_positives: Number of known positives.
        own_count: Number of predictions with the highest F1; among several, the smallest.
    """

    scores: np.ndarray
    positive: np.ndarray
    num_positives: int
    own_count: int

    @classmethod
    def of_elements(cls, scores: np.ndarray, positive: np.ndarray) -> ClassOfValidation:
        """Sort the elements, and find the number of predictions with the highest F1."""
        order = np.argsort(-scores, kind="stable")
        scores, positive = scores[order].astype(float), positive[order].astype(int)
        f1 = 2 * np.cumsum(positive) / (np.arange(1, len(scores) + 1) + positive.sum())
        f1[np.append(scores[1:] == scores[:-1], False)] = -1  # equal scores are predicted together
        return cls(scores, positive, int(positive.sum()), int(np.argmax(f1)) + 1)

    def own_score(self) -> float:
        """Return the lowest score that is predicted with the highest F1."""
        return float(self.scores[self.own_count - 1])

    def between(self, count: float) -> float:
        """Return the mean of the lowest predicted score and the next lower one, for any number >= 1."""
        return float(np.interp(count - 0.5, np.arange(len(self.scores)), self.scores))


ClassRule = Callable[[ClassOfValidation, float], float]


def own(of_class: ClassOfValidation, common: float) -> float:
    """The lowest score with the highest F1, without shrinkage."""
    return of_class.own_score()


def own_midpoint(of_class: ClassOfValidation, common: float) -> float:
    """Like ``own``, but half-way to the next lower score."""
    return of_class.between(of_class.own_count)


def shrink_values(of_class: ClassOfValidation, common: float, shrinkage: float) -> float:
    """Mean of the own and the global threshold, with the weights n and ``shrinkage``."""
    n = of_class.num_positives
    return (n * of_class.own_score() + shrinkage * common) / (n + shrinkage)


def shrink_values_within(of_class: ClassOfValidation, common: float, shrinkage: float) -> float:
    """Like ``shrink_values``, with the midpoint, and never above the highest score of the class."""
    n = of_class.num_positives
    mean = (n * own_midpoint(of_class, common) + shrinkage * common) / (n + shrinkage)
    return float(min(mean, of_class.scores[0]))


def shrink_logits(of_class: ClassOfValidation, common: float, shrinkage: float) -> float:
    """Like ``shrink_values``, but with logits."""
    n = of_class.num_positives
    one, two = (np.log(p / (1 - p)) for p in np.clip([of_class.own_score(), common], 1e-6, 1 - 1e-6))
    return float(1 / (1 + np.exp(-(n * one + shrinkage * two) / (n + shrinkage))))


def shrink_to_prior(of_class: ClassOfValidation, common: float, shrinkage: float) -> float:
    """The number of predictions is shrunk towards the number of known positives."""
    n = of_class.num_positives
    return of_class.between((n * of_class.own_count + shrinkage * n) / (n + shrinkage))


def per_class(scores: np.ndarray, labels: np.ndarray, rule: ClassRule) -> np.ndarray:
    """Apply a rule to each class; a class without known positives gets the global threshold."""
    known = labels != -1
    pooled = ClassOfValidation.of_elements(scores[known], labels[known] == 1)
    thresholds = np.full(labels.shape[1], pooled.own_score())
    for index in np.flatnonzero((labels == 1).any(axis=0)):
        keep = known[:, index]
        of_class = ClassOfValidation.of_elements(scores[keep, index], labels[keep, index] == 1)
        thresholds[index] = rule(of_class, pooled.own_score())
    return thresholds


def common_ratio(
    scores: np.ndarray, labels: np.ndarray, shrinkage: float, without_positives: str = "mean"
) -> np.ndarray:
    """Thresholds of :func:`best_thresholds`, or its variant for classes without positives."""
    thresholds, overall = best_thresholds(scores, labels, shrinkage=shrinkage)
    if without_positives == "global":
        thresholds[~(labels == 1).any(axis=0)] = overall
    return thresholds


def _shrunk(rule: Callable[[ClassOfValidation, float, float], float], shrinkage: float) -> Callable:
    return partial(per_class, rule=partial(rule, shrinkage=shrinkage))


PREVIOUS, DEFAULT = "values, λ = 10 (previous default)", "common ratio, λ = 10 (default)"
OWN_PRIOR = "own prior, λ = 3"
#: Rules that are compared once more, on images and with seeds that were not used to develop the default.
CONFIRMED = (
    "0.5",
    "one global threshold",
    PREVIOUS,
    "own, midpoint",
    OWN_PRIOR,
    "common ratio, λ = 10, global threshold without positives",
    DEFAULT,
)

#: Functions of validation scores and labels, each of shape (N, C), that return C thresholds.
RULES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "0.5": lambda scores, labels: np.full(labels.shape[1], 0.5),
    "one global threshold": partial(per_class, rule=lambda of_class, common: common),
    "own": partial(per_class, rule=own),
    "own, midpoint": partial(per_class, rule=own_midpoint),
    **{f"values, λ = {k}": _shrunk(shrink_values, k) for k in (1, 2, 3)},
    PREVIOUS: _shrunk(shrink_values, 10),
    "values, midpoint, at most the highest score, λ = 2": _shrunk(shrink_values_within, 2),
    **{f"logits, λ = {k}": _shrunk(shrink_logits, k) for k in (1, 2, 3, 10)},
    **{f"own prior, λ = {k}": _shrunk(shrink_to_prior, k) for k in (1, 2, 3, 10)},
    "common ratio, λ = 10, global threshold without positives": partial(
        common_ratio, shrinkage=10, without_positives="global"
    ),
    **{f"common ratio, λ = {k}": partial(common_ratio, shrinkage=k) for k in (0, 1, 2, 3)},
    DEFAULT: partial(common_ratio, shrinkage=10),
    "common ratio, λ = 30": partial(common_ratio, shrinkage=30),
}
