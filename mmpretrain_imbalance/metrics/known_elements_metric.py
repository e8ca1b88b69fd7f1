"""What the metrics of partial labels share: keeping known elements, gathering them, training counts."""

from __future__ import annotations

import logging
import os
from abc import abstractmethod
from collections.abc import Sequence

import numpy as np
from mmengine.dist import broadcast_object_list, is_main_process
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from ..utils.class_values import class_values, read_named_values
from .gathered_elements import KnownElementBatch, gather_elements
from .sample_tables import scores_and_known_labels


class KnownElementsMetric(BaseMetric):
    """Base of the metrics over known elements.

    A batch is reduced to its known elements at once, so memory follows the number of known labels, not N x C.
    Across ranks the elements travel as arrays through the process group, and the samples that pad the last
    batch are dropped exactly; ``collect_device`` is there for configs written for MMPretrain's metrics and
    decides nothing.

    Args:
        class_counts: Training positives of each class: a list in class order, or a file
            ``{"classes": [...], "positives": [...]}`` that is matched by class name. None leaves it to
            :meth:`set_label_counts`.
        classwise: Whether to add lists of the scores of all classes, and to log a table of them.
        collect_device: 'cpu' or 'gpu'.
        prefix: Put before the names of the metrics; by default 'multi-label'.
    """

    default_prefix = "multi-label"

    def __init__(
        self,
        class_counts: Sequence[int] | str | os.PathLike | None = None,
        classwise: bool = False,
        collect_device: str = "cpu",
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        if isinstance(class_counts, (str, os.PathLike)):
            read_named_values(
                class_counts, "positives", []
            )  # a wrong path is refused now, not after the first epoch
        self.classwise = classwise
        self._class_counts = class_counts
        self._counts_are_given = class_counts is not None
        self._has_warned = False
        self.training_positives: np.ndarray | None = None

    @property
    def class_names(self) -> Sequence[str] | None:
        """Class names of the dataset; None where it does not tell."""
        return (self.dataset_meta or {}).get("classes")

    def named_groups(self, num_classes: int) -> Sequence[str] | None:
        """Head, middle or tail of each class, where the dataset names them.

        Args:
            num_classes: The number of classes that are scored.

        Returns:
            The groups, or None.

        Raises:
            ValueError: If they are not one for each class.
        """
        groups = (self.dataset_meta or {}).get("class_groups")
        if groups is not None and len(groups) != num_classes:
            raise ValueError(
                "The 'class_groups' in the metainfo of the dataset must be one for each of the "
                f"{num_classes} classes. Got {len(groups)} instead."
            )
        return groups

    def set_label_counts(self, positives: Sequence[int], class_names: Sequence[str] | None = None) -> None:
        """Tell how many positives each class has in training; counts given by the config take precedence.

        Args:
            positives: Training positives of each class, of shape (C,).
            class_names: The names of these classes; None where they are those of the validation set, in its
                order.

        Raises:
            ValueError: If there are not as many names as counts.
        """
        if class_names is not None and len(class_names) != len(positives):
            raise ValueError(
                f"The 'class_names' argument of set_label_counts must be one name a count, {len(positives)}. "
                f"Got {len(class_names)} instead."
            )
        if not self._counts_are_given:
            positives = np.asarray(positives)
            self._class_counts = (
                positives if class_names is None else dict(zip(class_names, positives.tolist()))
            )

    def process(self, data_batch: object, data_samples: Sequence[dict]) -> None:
        """Keep the known elements of a batch.

        Args:
            data_batch: Not looked at.
            data_samples: Dictionaries with ``pred_score`` of shape (C,), and ``gt_score`` of 1/0/-1 of shape
                (C,) or ``gt_label`` with the indices of the positives, where every other class is negative.

        Raises:
            ValueError: If a score is NaN, or a label is outside the convention.
        """
        if not data_samples:
            return
        scores, places, labels = scores_and_known_labels(data_samples, self.class_names, type(self).__name__)
        num_samples, num_classes = scores.shape
        if not self.results:
            self.prepare(num_classes)
        samples, classes = np.divmod(places, num_classes)
        self.results.append(
            KnownElementBatch(
                num_samples=num_samples,
                num_classes=num_classes,
                samples=samples,
                classes=classes.astype(np.int32),
                values=self.kept_values(scores).ravel()[places].astype(np.float32),
                labels=labels,
            )
        )

    def evaluate(self, size: int) -> dict[str, float]:
        """Compute the metrics of all ranks' samples, and forget the samples.

        Args:
            size: The number of samples of the dataset; what comes after them only pads the last batch.

        Returns:
            The metrics by prefixed name, the same on every rank.

        Raises:
            ValueError: If no sample was processed on any rank, or the class counts do not match the classes.
        """
        elements = gather_elements(self.results, size)
        if not elements.num_samples:
            raise ValueError(
                f"The samples that {type(self).__name__} evaluates must be at least one. Got none instead."
            )
        self.prepare(elements.num_classes)
        metrics = [None]
        if is_main_process():
            computed = self.compute_metrics(elements)
            metrics = [{f"{self.prefix}/{name}": value for name, value in computed.items()}]
        broadcast_object_list(metrics)
        self.results.clear()
        return metrics[0]

    @abstractmethod
    def kept_values(self, scores: np.ndarray) -> np.ndarray:
        """What is kept of the scores of a batch, (N, C) -> (N, C)."""

    @abstractmethod
    def compute_metrics(self, results: KnownElementBatch) -> dict[str, float]:
        """Compute the metrics from the known elements of all ranks.

        Args:
            results: What :func:`gather_elements` returned.

        Returns:
            The metrics by name, in percent.
        """

    def prepare(self, num_classes: int) -> None:
        """Bring what was given for each class into class order.

        Called with the first batch of a validation, so that a mistake does not cost the whole of it, and
        before the metrics are computed, for a rank without any sample.

        Args:
            num_classes: The number of classes that are scored.

        Raises:
            ValueError: If what was given does not match the classes.
        """
        name = type(self).__name__
        if self._class_counts is not None:
            self.training_positives = class_values(
                self._class_counts, "positives", self.class_names, num_classes, name
            )
        elif not self._has_warned:
            self._has_warned = True
            print_log(
                f"{name} leaves out head, middle, tail and the rarest classes: it does not know how frequent "
                "the classes are in training. Give it 'class_counts', or add "
                "dict(type='LabelStatisticsHook') to custom_hooks.",
                logger="current",
                level=logging.WARNING,
            )
