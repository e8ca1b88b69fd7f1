"""Metrics over known labels with the methods of torchmetrics: update, compute and reset."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from ..functional.labels import NEGATIVE, POSITIVE
from ..functional.metrics.arrays import as_array, raise_at_first
from ..functional.metrics.auroc import auroc
from ..functional.metrics.average_precision import (
    average_precision,
    mean_average_precision,
    pooled_average_precision,
)
from ..functional.metrics.multi_label_scores import class_scores, multi_label_scores
from ..functional.metrics.predicted_labels import labels_above
from ..utils.argument_checks import check_choice, check_integer, check_number
from .gathered_elements import KnownElementBatch, gather_elements

_POSITION = "sample {0}, class {1}"


class KnownLabelMetric:
    """Base of the metrics that are updated batch by batch, as the metrics of torchmetrics are.

    Only known labels are kept, about 17 bytes each. :meth:`KnownLabelMetric.compute` gathers them from all
    ranks of ``torch.distributed``, so every rank must call it. Unlike in MMEngine's metrics, samples that a
    sampler repeats to fill the last batch count twice.

    Args:
        num_labels: Number of classes C.
        average: ``'macro'``: mean over the classes for which the metric is defined; ``'weighted'``: the same,
            weighted by known positives; ``'micro'``: all known elements together; ``'none'`` or ``None``: one
            value per class, NaN where the metric is not defined.
        ignore_index: Label of unknown elements, which are left out; None if there are none.

    Raises:
        ValueError: If an argument is invalid.
    """

    def __init__(self, num_labels: int, average: str | None = "macro", ignore_index: int | None = -1) -> None:
        name = type(self).__name__
        check_integer(name, 1, num_labels=num_labels)
        check_choice(name, ("macro", "micro", "weighted", "none", None), average=average)
        if ignore_index in (POSITIVE, NEGATIVE):
            raise ValueError(
                f"The 'ignore_index' argument of {name} must not be 1 or 0, the labels of positives and "
                f"negatives. Got {ignore_index} instead."
            )
        self.num_labels = num_labels
        self.average = average
        self.ignore_index = ignore_index
        self._batches: list[KnownElementBatch] = []

    def update(self, preds: ArrayLike | Tensor, target: ArrayLike | Tensor) -> None:
        """Add a batch.

        Args:
            preds: Scores, of shape (N, C).
            target: 1 positive, 0 negative, ``ignore_index`` unknown, of shape (N, C).

        Raises:
            ValueError: If a shape is wrong, a label is none of these, or the score of a known label is NaN.
        """
        self._batches.append(self._known(preds, target))

    def compute(self) -> Tensor:
        """Compute the metric over the batches of all ranks since the last reset.

        Returns:
            A number in [0, 1]; without ``average``, one per class, of shape (C,). A mean over no class is
            NaN.
        """
        return self._value(gather_elements(self._batches, sys.maxsize))

    def reset(self) -> None:
        """Drop all batches."""
        self._batches = []

    def __call__(self, preds: ArrayLike | Tensor, target: ArrayLike | Tensor) -> Tensor:
        """Add a batch, and return the metric over this batch only."""
        batch = self._known(preds, target)
        self._batches.append(batch)
        return self._value(batch)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(num_labels={self.num_labels}, average={self.average!r})"

    def class_values(self, elements: KnownElementBatch) -> np.ndarray:
        """Compute the metric of each class, of shape (C,); NaN where it is not defined."""
        raise NotImplementedError(f"{type(self).__name__} must implement class_values")

    def pooled_value(self, elements: KnownElementBatch) -> float:
        """Compute the metric over the elements of all classes together."""
        raise NotImplementedError(f"{type(self).__name__} must implement pooled_value")

    def kept_values(self, scores: np.ndarray) -> np.ndarray:
        """Convert the scores of a batch, (N, C) -> (N, C)."""
        return scores

    def _known(self, preds: ArrayLike | Tensor, target: ArrayLike | Tensor) -> KnownElementBatch:
        scores, labels = as_array(preds).astype(np.float32), as_array(target)
        name = type(self).__name__
        if scores.ndim != 2 or scores.shape[1] != self.num_labels:
            raise ValueError(
                f"The 'preds' argument of {name} must have the shape (N, {self.num_labels}). Got "
                f"{scores.shape} instead."
            )
        if labels.shape != scores.shape:
            raise ValueError(
                f"The 'target' argument of {name} must have the shape of 'preds', {scores.shape}. Got "
                f"{labels.shape} instead."
            )
        known = np.ones(labels.shape, bool) if self.ignore_index is None else labels != self.ignore_index
        wrong = known & (labels != POSITIVE) & (labels != NEGATIVE)
        unknown = "" if self.ignore_index is None else f" or {self.ignore_index} (unknown)"
        expected = f"1 (positive), 0 (negative){unknown} in every element"
        raise_at_first(wrong, labels, f"The 'target' argument of {name}", expected, _POSITION)
        expected = "a number, not NaN, in every element with a known label"
        raise_at_first(
            known & np.isnan(scores), scores, f"The 'preds' argument of {name}", expected, _POSITION
        )
        samples, classes = np.nonzero(known)
        return KnownElementBatch(
            num_samples=len(scores),
            num_classes=self.num_labels,
            samples=samples,
            classes=classes.astype(np.int32),
            values=self.kept_values(scores)[known].astype(np.float32),
            labels=labels[known].astype(np.int8),
        )

    def _value(self, elements: KnownElementBatch) -> Tensor:
        if self.average == "micro":
            return torch.tensor(self.pooled_value(elements))
        values = self.class_values(elements)
        if self.average in ("none", None):
            return torch.from_numpy(values).to(torch.get_default_dtype())
        positives = np.bincount(elements.classes[elements.labels == POSITIVE], minlength=self.num_labels)
        weights = positives if self.average == "weighted" else None
        # The mean of any value per class, without the classes that are NaN.
        return torch.tensor(mean_average_precision(values, weights))


class KnownLabelRankingMetric(KnownLabelMetric):
    """Base of the metrics of scores of any scale: average precision and AUROC.

    Args:
        num_labels: As in :class:`KnownLabelMetric`.
        average: As in :class:`KnownLabelMetric`.
        thresholds: Only ``None``, which stands for the exact value, as in torchmetrics.
        ignore_index: As in :class:`KnownLabelMetric`.

    Raises:
        ValueError: If an argument is invalid.
    """

    def __init__(
        self,
        num_labels: int,
        average: str | None = "macro",
        thresholds: None = None,
        ignore_index: int | None = -1,
    ) -> None:
        super().__init__(num_labels, average, ignore_index)
        if thresholds is not None:
            raise ValueError(
                f"The 'thresholds' argument of {type(self).__name__} must be None: the value is always "
                f"exact. Got {thresholds!r} instead."
            )


class KnownLabelAveragePrecision(KnownLabelRankingMetric):
    """Average precision over known labels, see :func:`average_precision`.

    It replaces ``torchmetrics.classification.MultilabelAveragePrecision`` and is always exact. The values are
    equal for every class with known positives and known negatives. A class without known positives is left
    out here, and has the average precision 0 there; with known positives only, 1. A class without any known
    label is an error there.

    The arguments are those of :class:`KnownLabelRankingMetric`.

    Example:
        >>> metric = KnownLabelAveragePrecision(num_labels=2, average=None)
        >>> metric.update(torch.tensor([[0.9, 0.3], [0.4, 0.6]]), torch.tensor([[1, 1], [1, -1]]))
        >>> metric.update(torch.tensor([[0.4, 0.1]]), torch.tensor([[0, -1]]))
        >>> metric.compute()
        tensor([0.8333,    nan])
    """

    def class_values(self, elements: KnownElementBatch) -> np.ndarray:
        """Return the average precision of each class; see the base class."""
        return average_precision(
            elements.values, elements.labels, elements.classes, num_classes=self.num_labels
        )

    def pooled_value(self, elements: KnownElementBatch) -> float:
        """Return the average precision of one ranking of all elements; see the base class."""
        return pooled_average_precision(elements.values, elements.labels, elements.classes)


class KnownLabelAUROC(KnownLabelRankingMetric):
    """Area under the ROC curve over known labels, see :func:`auroc`.

    It replaces ``torchmetrics.classification.MultilabelAUROC`` and is always exact. A class without known
    positives or without known negatives is left out here, and has the area 0 there.

    The arguments are those of :class:`KnownLabelRankingMetric`.

    Example:
        >>> metric = KnownLabelAUROC(num_labels=1)
        >>> metric(torch.tensor([[0.9], [0.4], [0.6], [0.8]]), torch.tensor([[1], [0], [1], [-1]]))
        tensor(1.)
    """

    def class_values(self, elements: KnownElementBatch) -> np.ndarray:
        """Return the area of each class; see the base class."""
        return auroc(elements.values, elements.labels, elements.classes, num_classes=self.num_labels)

    def pooled_value(self, elements: KnownElementBatch) -> float:
        """Return the area of one ranking of all elements; see the base class."""
        return float(auroc(elements.values, elements.labels, elements.classes * 0, num_classes=1)[0])


class KnownLabelThresholdMetric(KnownLabelMetric):
    """Base of the metrics of predicted labels: precision, recall and F1.

    A label is predicted if its score reaches the threshold; in torchmetrics, if the score exceeds it. A class
    without known positives is left out here; there, its value is 0, and it counts in the mean if it is
    predicted.

    Args:
        num_labels: As in :class:`KnownLabelMetric`.
        threshold: One threshold in [0, 1], or one per class.
        average: As in :class:`KnownLabelMetric`.
        ignore_index: As in :class:`KnownLabelMetric`.

    Raises:
        ValueError: If an argument is invalid.
    """

    _score: str  # field of ClassScores
    _pooled_score: str  # key of multi_label_scores

    def __init__(
        self,
        num_labels: int,
        threshold: float | Sequence[float] = 0.5,
        average: str | None = "macro",
        ignore_index: int | None = -1,
    ) -> None:
        super().__init__(num_labels, average, ignore_index)
        name = type(self).__name__
        if np.ndim(threshold) and np.shape(threshold) != (num_labels,):
            raise ValueError(
                f"The 'threshold' argument of {name} must be a number or one number for each of the "
                f"{num_labels} classes. Got the shape {np.shape(threshold)} instead."
            )
        for value in np.ravel(threshold).tolist():
            check_number(name, 0, 1, threshold=value)
        self.threshold = threshold

    def kept_values(self, scores: np.ndarray) -> np.ndarray:
        """Return whether each label is predicted, (N, C) -> (N, C).

        Raises:
            ValueError: If a score is not in [0, 1], for instance a logit.
        """
        expected = "probabilities from 0 to 1 (of logits, logits.sigmoid())"
        outside = (scores < 0) | (scores > 1)
        raise_at_first(outside, scores, f"The 'preds' argument of {type(self).__name__}", expected, _POSITION)
        return labels_above(scores, self.threshold)

    def class_values(self, elements: KnownElementBatch) -> np.ndarray:
        """Return the score of each class; see the base class."""
        scores = class_scores(elements.values, elements.labels, elements.classes, num_classes=self.num_labels)
        values: np.ndarray = getattr(scores, self._score)
        return values

    def pooled_value(self, elements: KnownElementBatch) -> float:
        """Return the score of all elements together; see the base class."""
        scores = multi_label_scores(elements.values, elements.labels, elements.classes)
        return scores[self._pooled_score]


class KnownLabelF1Score(KnownLabelThresholdMetric):
    """F1 over known labels, see :func:`class_scores`.

    It replaces ``torchmetrics.classification.MultilabelF1Score``. The arguments are those of
    :class:`KnownLabelThresholdMetric`.

    Example:
        >>> metric = KnownLabelF1Score(num_labels=2, threshold=[0.5, 0.2])
        >>> metric.update(torch.tensor([[0.9, 0.3], [0.4, 0.6]]), torch.tensor([[1, 1], [1, -1]]))
        >>> metric.compute()
        tensor(0.8333)
    """

    _score, _pooled_score = "f1", "OF1"


class KnownLabelPrecision(KnownLabelThresholdMetric):
    """Precision over known labels, see :func:`class_scores`.

    It replaces ``torchmetrics.classification.MultilabelPrecision``. The arguments are those of
    :class:`KnownLabelThresholdMetric`.

    Example:
        >>> metric = KnownLabelPrecision(num_labels=2)
        >>> metric(torch.tensor([[0.9, 0.3], [0.6, 0.6]]), torch.tensor([[1, 1], [0, -1]]))
        tensor(0.2500)
    """

    _score, _pooled_score = "precision", "OP"


class KnownLabelRecall(KnownLabelThresholdMetric):
    """Recall over known labels, see :func:`class_scores`.

    It replaces ``torchmetrics.classification.MultilabelRecall``. The arguments are those of
    :class:`KnownLabelThresholdMetric`.

    Example:
        >>> metric = KnownLabelRecall(num_labels=2)
        >>> metric(torch.tensor([[0.9, 0.3], [0.6, 0.6]]), torch.tensor([[1, 1], [0, -1]]))
        tensor(0.5000)
    """

    _score, _pooled_score = "recall", "OR"
