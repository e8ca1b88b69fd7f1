"""Precision, recall, F1 and exact match of partial labels."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np
from mmengine.logging import print_log
from mmpretrain.registry import METRICS

from ..functional.metrics.class_groups import rarest_classes
from ..functional.metrics.multi_label_scores import class_scores, exact_match, multi_label_scores
from ..functional.metrics.predicted_labels import labels_above, top_labels
from ..utils.argument_checks import check_integer, check_number
from ..utils.class_values import class_values, read_named_values
from .chosen_on import SAME_DATA, read_chosen_on, same_data
from .class_table import class_table
from .gathered_elements import KnownElementBatch
from .known_elements_metric import KnownElementsMetric


@METRICS.register_module()
class PartialLabelMetric(KnownElementsMetric):
    """Precision, recall, F1 and exact match over known elements; see :func:`multi_label_scores`.

    The metric reports ``CP``, ``CR``, ``CF1`` (harmonic mean of CP and CR), ``macro_f1`` (mean F1 of the
    classes), ``OP``, ``OR``, ``OF1`` and ``exact_match``; with class counts also ``recall_rarest`` and
    ``f1_rarest``, the means over the rarest classes. A class without known positives is included in OP and
    OF1 only; a mean over no class is NaN. All values are in percent.

    The arguments determine the predicted labels, see :func:`top_labels`:

    - with ``thresholds`` only, labels whose score reaches the threshold;
    - with ``topk`` only, the k labels of each image with the highest scores, without a threshold;
    - with both, those of the k highest labels that also reach the threshold, as in many published top-3
      tables;
    - with neither, the same as ``thresholds=0.5``.

    If the thresholds were chosen on the same images (``chosen_on`` in their file), a warning is logged.

    MMPretrain's ``MultiLabelMetric`` agrees with the first, second and fourth case. If both are given, it
    warns and uses only ``thr``.

    Args:
        thresholds: One number, a list with one number per class, numbers by class name, or a file
            ``{"classes": [...], "thresholds": [...]}`` that is matched by class name. Names may be only those
            of some classes if there is a ``"default"`` for the others. None means 0.5, or no threshold if
            ``topk`` is given.
        topk: Largest number of predicted labels per image; None for any number.
        class_counts: Training positives of each class: a list in class order, or a file
            ``{"classes": [...], "positives": [...]}`` that is matched by class name. With None,
            ``LabelStatisticsHook`` sets the counts.
        num_rarest: Number of rarest classes in ``recall_rarest`` and ``f1_rarest``.
        classwise: Whether to add ``precision_classwise``, ``recall_classwise`` and ``f1_classwise``, and to
            log a table with one row per class.
        collect_device: 'cpu' or 'gpu', for compatibility with MMPretrain's metrics; has no effect.
        prefix: Prefix of the names of the metrics; by default 'partial-label'.

    Raises:
        ValueError: If ``topk`` is not a positive integer, ``num_rarest`` is not a non-negative integer, or
            the threshold is NaN or infinite.

    Example:
        >>> import torch
        >>> metric = PartialLabelMetric(thresholds=[0.5, 0.2], class_counts=[500, 10], num_rarest=1)
        >>> scores, labels = torch.tensor([[0.9, 0.3], [0.4, 0.6]]), torch.tensor([[1, -1], [1, 1]])
        >>> metric.process(None, [dict(pred_score=s, gt_score=l) for s, l in zip(scores, labels)])
        >>> metrics = metric.evaluate(size=2)
        >>> [metrics[f"partial-label/{name}"] for name in ("CR", "recall_rarest", "exact_match")]
        [75.0, 100.0, 50.0]
    """

    def __init__(
        self,
        thresholds: float | Sequence[float] | Mapping[str, float] | str | os.PathLike[str] | None = None,
        topk: int | None = None,
        class_counts: Sequence[int] | str | os.PathLike[str] | None = None,
        num_rarest: int = 3,
        classwise: bool = False,
        collect_device: str = "cpu",
        prefix: str | None = None,
    ) -> None:
        super().__init__(class_counts, classwise=classwise, collect_device=collect_device, prefix=prefix)
        name = type(self).__name__
        if topk is not None:
            check_integer(name, 1, topk=topk)
        if isinstance(thresholds, Real):
            check_number(name, thresholds=thresholds)
        check_integer(name, 0, num_rarest=num_rarest)
        #: Description of the data on which the thresholds were chosen, by :func:`describe_data`.
        self.chosen_on: Mapping[str, Any] | None = None
        if isinstance(thresholds, (str, os.PathLike)):
            # Raises now for a wrong path, not after the first epoch.
            read_named_values(thresholds, "thresholds", [])
            self.chosen_on = read_chosen_on(thresholds)
        self.thresholds = 0.5 if thresholds is None and topk is None else thresholds
        self.topk = topk
        self.num_rarest = num_rarest
        #: The thresholds in class order: a number, an array of shape (C,), or None.
        self._ordered_thresholds: Any = None

    def prepare(self, num_classes: int) -> None:
        """Sort class counts and thresholds into class order; see the base class."""
        super().prepare(num_classes)
        thresholds: Any = self.thresholds
        if thresholds is not None and not isinstance(thresholds, Real):
            name = type(self).__name__
            thresholds = class_values(thresholds, "thresholds", self.class_names, num_classes, name)
        self._ordered_thresholds = thresholds

    def kept_values(self, scores: np.ndarray) -> np.ndarray:
        """Return whether each label is predicted, (N, C) -> (N, C)."""
        if self.topk is not None:
            return top_labels(scores, self.topk, self._ordered_thresholds)
        return labels_above(scores, self._ordered_thresholds)

    def compute_metrics(self, results: KnownElementBatch) -> dict[str, float | list[float]]:
        """Compute the values described in the class; see the base class."""
        elements = (results.values, results.labels, results.classes)
        known = (results.num_samples, results.samples, results.classes, results.labels)
        if same_data(self.chosen_on, *known):
            print_log(SAME_DATA, logger="current", level=logging.WARNING)
        scores = multi_label_scores(*elements, num_classes=results.num_classes)
        scores["exact_match"] = exact_match(results.values, results.labels, results.samples)
        per_class = class_scores(*elements, num_classes=results.num_classes)
        if self.training_positives is not None:
            rarest = rarest_classes(self.training_positives, self.num_rarest)
            rarest = rarest[per_class.positives[rarest] > 0]
            scores["recall_rarest"] = float(per_class.recall[rarest].mean()) if len(rarest) else float("nan")
            scores["f1_rarest"] = float(per_class.f1[rarest].mean()) if len(rarest) else float("nan")
        metrics: dict[str, float | list[float]] = {name: 100 * value for name, value in scores.items()}
        if self.classwise:
            percent = {name: 100 * getattr(per_class, name) for name in ("precision", "recall", "f1")}
            metrics |= {f"{name}_classwise": values.tolist() for name, values in percent.items()}
            columns = {} if self.training_positives is None else {"train positives": self.training_positives}
            columns |= {"known positives": per_class.positives, "known negatives": per_class.negatives}
            columns |= {"precision": percent["precision"], "recall": percent["recall"], "F1": percent["f1"]}
            print_log(f"\n{class_table('Predicted labels', self.class_names, columns)}", logger="current")
        return metrics
