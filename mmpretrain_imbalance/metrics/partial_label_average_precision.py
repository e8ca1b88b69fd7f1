"""Mean average precision of partial labels, also over head, middle and tail classes."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
from mmengine.logging import print_log
from mmpretrain.registry import METRICS

from ..functional.metrics.auroc import auroc as area_under_roc
from ..functional.metrics.average_precision import (
    average_precision,
    mean_average_precision,
    pooled_average_precision,
)
from ..functional.metrics.calibration_error import calibration_error, pooled_calibration_error
from ..functional.metrics.class_groups import (
    DEFAULT_GROUP_THRESHOLDS,
    check_group_quantiles,
    check_group_thresholds,
    class_groups,
    named_class_groups,
    quantile_group_thresholds,
    rarest_classes,
)
from ..utils.argument_checks import check_integer
from .class_table import class_table
from .gathered_elements import KnownElementBatch
from .known_elements_metric import KnownElementsMetric


@METRICS.register_module()
class PartialLabelAveragePrecision(KnownElementsMetric):
    """Average precision over known elements, with one threshold for equal scores.

    See :func:`average_precision` for the definition. The metric reports ``mAP`` (the mean over classes,
    mAP(C)), ``mAP_O`` (the mean weighted by known positives) and ``num_classes_evaluated``; with ``pooled``
    also ``mAP_pooled`` (one ranking of all elements); with class counts ``mAP_head``, ``mAP_middle``,
    ``mAP_tail`` and ``mAP_rarest``; optionally ``AUROC``, ``calibration_error`` (the mean over classes),
    ``calibration_error_pooled`` and ``coverage``. Classes without known positives or without known negatives
    are excluded from all means; a mean over no class is NaN. All values are in percent, except the number of
    classes.

    Args:
        class_counts: Training positives of each class: a list in class order, or a file
            ``{"classes": [...], "positives": [...]}`` that is matched by class name. With None,
            ``LabelStatisticsHook`` sets the counts.
        group_thresholds: Smallest numbers of training positives of a middle class and of a head class. Groups
            in ``metainfo['class_groups']`` of the dataset, as of LVIS, take precedence.
        group_quantiles: Two quantiles of the training positives per class that replace ``group_thresholds``.
        num_rarest: Number of rarest classes in ``mAP_rarest``.
        pooled: Whether to report ``mAP_pooled``.
        classwise: Whether to add ``AP_classwise``, and to log a table with one row per class.
        auroc: Whether to report ``AUROC``, the mean over the classes that have an average precision.
        calibration: Whether to report calibration errors with 15 bins; the scores must be probabilities.
        coverage: Whether to report ``coverage``, the fraction of all labels that is known.
        collect_device: 'cpu' or 'gpu', for compatibility with MMPretrain's metrics; has no effect.
        prefix: Prefix of the names of the metrics; by default 'partial-label'.

    Raises:
        ValueError: If the thresholds, the quantiles or ``num_rarest`` are invalid, or the number of groups of
            the dataset is not the number of classes.

    Example:
        >>> import torch
        >>> metric = PartialLabelAveragePrecision(class_counts=[500, 10])
        >>> scores, labels = torch.tensor([[0.9, 0.3], [0.4, 0.6]]), torch.tensor([[1, -1], [0, 1]])
        >>> metric.process(None, [dict(pred_score=s, gt_score=l) for s, l in zip(scores, labels)])
        >>> metrics = metric.evaluate(size=2)
        >>> metrics["partial-label/mAP"], metrics["partial-label/mAP_tail"]
        (100.0, nan)
    """

    def __init__(
        self,
        class_counts: Sequence[int] | str | os.PathLike[str] | None = None,
        group_thresholds: Sequence[float] = DEFAULT_GROUP_THRESHOLDS,
        group_quantiles: Sequence[float] | None = None,
        num_rarest: int = 3,
        pooled: bool = False,
        classwise: bool = False,
        auroc: bool = False,
        calibration: bool = False,
        coverage: bool = False,
        collect_device: str = "cpu",
        prefix: str | None = None,
    ) -> None:
        super().__init__(class_counts, classwise=classwise, collect_device=collect_device, prefix=prefix)
        check_group_thresholds(group_thresholds, type(self).__name__)
        if group_quantiles is not None:
            check_group_quantiles(group_quantiles, type(self).__name__)
        check_integer(type(self).__name__, 0, num_rarest=num_rarest)
        self.group_thresholds = group_thresholds
        self.group_quantiles = group_quantiles
        self.num_rarest = num_rarest
        self.pooled = pooled
        self.auroc, self.calibration, self.coverage = auroc, calibration, coverage

    def prepare(self, num_classes: int) -> None:
        """Sort the class counts into class order, and read the groups of the dataset; see the base class."""
        super().prepare(num_classes)
        self._group_names = self.named_groups(num_classes)

    def kept_values(self, scores: np.ndarray) -> np.ndarray:
        """Return the scores unchanged, (N, C) -> (N, C)."""
        return scores

    def compute_metrics(self, results: KnownElementBatch) -> dict[str, float | list[float]]:
        """Compute the values described in the class; see the base class."""
        per_class = 100 * average_precision(
            results.values, results.labels, results.classes, num_classes=results.num_classes
        )
        known = np.bincount(results.classes, minlength=results.num_classes)
        positives = np.bincount(results.classes[results.labels == 1], minlength=results.num_classes)
        metrics: dict[str, float | list[float]] = {
            "mAP": mean_average_precision(per_class),
            "mAP_O": mean_average_precision(per_class, weights=positives),
            "num_classes_evaluated": float(np.isfinite(per_class).sum()),
        }
        if self.pooled:
            metrics["mAP_pooled"] = 100 * pooled_average_precision(
                results.values, results.labels, results.classes
            )
        for group, members in self._groups().items():
            metrics[f"mAP_{group}"] = mean_average_precision(per_class, keep=members)
        metrics |= self._optional_metrics(results)
        if self.classwise:
            metrics["AP_classwise"] = per_class.tolist()
            columns = {} if self.training_positives is None else {"train positives": self.training_positives}
            columns |= {"known positives": positives, "known negatives": known - positives, "AP": per_class}
            print_log(f"\n{class_table('Average precision', self.class_names, columns)}", logger="current")
        return metrics

    def _optional_metrics(self, results: KnownElementBatch) -> dict[str, float | list[float]]:
        elements = (results.values, results.labels, results.classes)
        metrics: dict[str, float | list[float]] = {}
        classwise: dict[str, np.ndarray] = {}
        if self.auroc:
            classwise["AUROC"] = 100 * area_under_roc(*elements, num_classes=results.num_classes)
        if self.calibration:
            classwise["calibration_error"] = 100 * calibration_error(
                *elements, num_classes=results.num_classes
            )
            metrics["calibration_error_pooled"] = 100 * pooled_calibration_error(*elements)
        for name, values in classwise.items():
            metrics[name] = mean_average_precision(values)  # the mean of the values that are not NaN
            if self.classwise:
                metrics[f"{name}_classwise"] = values.tolist()
        if self.coverage:
            metrics["coverage"] = 100 * len(results.labels) / (results.num_samples * results.num_classes)
        return metrics

    def _groups(self) -> dict[str, np.ndarray]:
        positives, named = self.training_positives, self._group_names
        groups = {}
        if named is not None and self.group_quantiles is None:
            groups = named_class_groups(named)
        elif positives is not None:
            thresholds = self.group_thresholds
            if self.group_quantiles is not None:
                thresholds = quantile_group_thresholds(positives, self.group_quantiles)
            groups = class_groups(positives, thresholds)
        if positives is not None:
            groups["rarest"] = rarest_classes(positives, self.num_rarest)
        return groups
