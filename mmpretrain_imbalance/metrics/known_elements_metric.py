"""Base class of the metrics over known elements: gathering over ranks, training counts, class groups."""

from __future__ import annotations

import logging
import os
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from mmengine.dist import broadcast_object_list, is_main_process
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from ..utils.class_values import class_values, read_named_values
from .gathered_elements import KnownElementBatch, gather_elements
from .sample_arrays import scores_and_known_labels


class KnownElementsMetric(BaseMetric):
    """Base of the metrics over known elements.

    Each batch is immediately reduced to its known elements, so memory is proportional to the number of known
    labels, not to N x C. The elements are gathered over ranks as arrays, and the repeated samples that pad
    the last batch are dropped.

    Args:
        class_counts: Training positives of each class: a list in class order, or a file
            ``{"classes": [...], "positives": [...]}`` that is matched by class name. With None,
            the counts come from :meth:`KnownElementsMetric.set_label_counts`.
        classwise: Whether to add lists with the values of all classes, and to log them as a table.
        collect_device: 'cpu' or 'gpu', for compatibility with MMPretrain's metrics; has no effect.
        prefix: Prefix of the names of the metrics; by default 'partial-label'.
    """

    default_prefix = "partial-label"

    def __init__(
        self,
        class_counts: Sequence[int] | str | os.PathLike[str] | None = None,
        classwise: bool = False,
        collect_device: str = "cpu",
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        if isinstance(class_counts, (str, os.PathLike)):
            # Raises now for a wrong path, not after the first epoch.
            read_named_values(class_counts, "positives", [])
        self.classwise = classwise
        self._class_counts: Sequence[int] | np.ndarray | Mapping[str, int] | str | os.PathLike[str] | None = (
            class_counts
        )
        self._counts_are_given = class_counts is not None
        self._has_warned = False
        self.training_positives: np.ndarray | None = None

    @property
    def class_names(self) -> Sequence[str] | None:
        """Class names of the dataset; None if it has none."""
        return (self.dataset_meta or {}).get("classes")

    def named_groups(self, num_classes: int) -> Sequence[str] | None:
        """Return head, middle or tail for each class if the dataset defines groups.

        Args:
            num_classes: Number of classes of the scores.

        Returns:
            The group of each class, or None.

        Raises:
            ValueError: If the number of groups is not the number of classes.
        """
        groups = (self.dataset_meta or {}).get("class_groups")
        if groups is not None and len(groups) != num_classes:
            raise ValueError(
                "The 'class_groups' in the metainfo of the dataset must give the group of each of the "
                f"{num_classes} classes. Got {len(groups)} instead."
            )
        return groups

    def set_label_counts(
        self, positives: Sequence[int] | np.ndarray, class_names: Sequence[str] | None = None
    ) -> None:
        """Set the number of training positives of each class, unless the config gives ``class_counts``.

        Args:
            positives: Number of training positives of each class, of shape (C,).
            class_names: The names of these classes; None if they are in the order of the validation set.

        Raises:
            ValueError: If the number of names is not the number of counts.
        """
        if class_names is not None and len(class_names) != len(positives):
            raise ValueError(
                f"The 'class_names' argument of set_label_counts must be one name per count, "
                f"{len(positives)}. Got {len(class_names)} instead."
            )
        if not self._counts_are_given:
            counts = np.asarray(positives)
            self._class_counts = counts if class_names is None else dict(zip(class_names, counts.tolist()))

    def process(self, data_batch: object, data_samples: Sequence[dict[str, Any]]) -> None:
        """Store the known elements of a batch.

        Args:
            data_batch: Not used.
            data_samples: Dictionaries with ``pred_score`` of shape (C,), and ``gt_score`` of 1/0/-1 of shape
                (C,) or ``gt_label`` with the indices of the positives, where every other class is negative.

        Raises:
            ValueError: If a score is NaN, or a label is not 1, 0 or -1.
        """
        if not data_samples:
            return
        scores, indices, labels = scores_and_known_labels(data_samples, self.class_names, type(self).__name__)
        num_samples, num_classes = scores.shape
        if not self.results:
            self.prepare(num_classes)
        samples, classes = np.divmod(indices, num_classes)
        self.results.append(
            KnownElementBatch(
                num_samples=num_samples,
                num_classes=num_classes,
                samples=samples,
                classes=classes.astype(np.int32),
                values=self.kept_values(scores).ravel()[indices].astype(np.float32),
                labels=labels,
            )
        )

    def evaluate(self, size: int) -> dict[str, float | list[float]]:
        """Compute the metrics over the samples of all ranks, and clear the stored elements.

        Args:
            size: Number of samples of the dataset; further samples, which pad the last batch, are dropped.

        Returns:
            The metrics by prefixed name, equal on all ranks.

        Raises:
            ValueError: If no sample was processed on any rank, or the class counts do not match the classes.
        """
        elements = gather_elements(self.results, size)
        if not elements.num_samples:
            raise ValueError(
                f"The number of samples processed by {type(self).__name__} must be at least 1. Got 0 instead."
            )
        self.prepare(elements.num_classes)
        metrics: list[Any] = [None]
        if is_main_process():
            computed = self.compute_metrics(elements)
            metrics = [{f"{self.prefix}/{name}": value for name, value in computed.items()}]
        broadcast_object_list(metrics)
        self.results.clear()
        return metrics[0]

    @abstractmethod
    def kept_values(self, scores: np.ndarray) -> np.ndarray:
        """Return the value of each element from the scores of a batch, (N, C) -> (N, C)."""

    @abstractmethod
    def compute_metrics(self, results: KnownElementBatch) -> dict[str, float | list[float]]:
        """Compute the metrics from the known elements of all ranks.

        Args:
            results: Elements of all ranks, as returned by ``gather_elements``.

        Returns:
            The metrics by name, in percent.
        """

    def prepare(self, num_classes: int) -> None:
        """Sort the arguments with one value per class into class order.

        This is called with the first batch of a validation, so that a wrong argument raises early, and again
        before the metrics are computed, for ranks without samples.

        Args:
            num_classes: Number of classes of the scores.

        Raises:
            ValueError: If an argument does not match the classes.
        """
        name = type(self).__name__
        if self._class_counts is not None:
            self.training_positives = class_values(
                self._class_counts, "positives", self.class_names, num_classes, name
            )
        elif not self._has_warned:
            self._has_warned = True
            print_log(
                f"{name} does not report head, middle, tail and rarest classes, because the training counts "
                "of the classes are not known. Set 'class_counts', or add dict(type='LabelStatisticsHook') "
                "to custom_hooks.",
                logger="current",
                level=logging.WARNING,
            )
