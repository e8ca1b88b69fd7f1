"""Precision, recall, F1 and exact match of partial labels."""

from __future__ import annotations

import os
from collections.abc import Sequence
from numbers import Real

import numpy as np
from mmengine.logging import print_log
from mmpretrain.registry import METRICS

from ..functional.metrics.class_groups import rarest_classes
from ..functional.metrics.multi_label_scores import class_scores, exact_match, multi_label_scores
from ..functional.metrics.predicted_labels import labels_above, top_labels
from ..utils.argument_checks import check_integer, check_number
from ..utils.class_values import class_values, read_named_values
from .class_table import class_table
from .gathered_elements import KnownElementBatch
from .known_elements_metric import KnownElementsMetric


@METRICS.register_module()
class PartialLabelMetric(KnownElementsMetric):
    """Precision, recall and F1 over known elements; see :func:`multi_label_scores`.

    Reports ``CP``, ``CR``, ``CF1`` (harmonic mean of the two), ``macro_f1`` (mean of the classes' F1),
    ``OP``, ``OR``, ``OF1`` and ``exact_match``; with class counts ``recall_rarest`` and ``f1_rarest``, the means
    over the rarest classes. A class without known positives counts in OP and OF1 only; a mean over no class
    is NaN. All in percent.

    The arguments say which labels are predicted, see :func:`top_labels`:

    - ``thresholds`` alone predicts those whose score reaches the threshold;
    - ``topk`` alone predicts the k of each image with the highest scores of all classes, however low;
    - both predict those of the k highest that also reach the threshold, as many published top-3 tables do;
    - neither means ``thresholds=0.5``.

    MMPretrain's ``MultiLabelMetric`` does the same with ``thr`` alone, with ``topk`` alone and with neither;
    where both are given, it warns and goes by ``thr`` alone.

    Args:
        thresholds: One number, a list with one per class, or a file
            ``{"classes": [...], "thresholds": [...]}`` that is matched by class name. None for 0.5, or with
            ``topk`` for no threshold.
        topk: How many labels of an image are predicted at most; None for any number.
        class_counts: Training positives of each class: a list in class order, or a file
            ``{"classes": [...], "positives": [...]}``. None leaves it to ``set_label_counts``, which the hook
            calls.
        num_rarest: How many of the rarest classes make up ``recall_rarest`` and ``f1_rarest``.
        classwise: Whether to add ``precision_classwise``, ``recall_classwise`` and ``f1_classwise``, and to
            log a table of classes.
        collect_device: 'cpu' or 'gpu', as in MMPretrain's metrics; decides nothing.
        prefix: Put before the names of the metrics; by default 'multi-label'.

    Raises:
        ValueError: If ``topk`` or ``num_rarest`` is no count, or the one threshold is no number.

    Example:
        >>> import torch
        >>> metric = PartialLabelMetric(thresholds=[0.5, 0.2], class_counts=[500, 10], num_rarest=1)
        >>> scores, labels = torch.tensor([[0.9, 0.3], [0.4, 0.6]]), torch.tensor([[1, -1], [1, 1]])
        >>> metric.process(None, [dict(pred_score=s, gt_score=l) for s, l in zip(scores, labels)])
        >>> metrics = metric.evaluate(size=2)
        >>> metrics["multi-label/CR"], metrics["multi-label/recall_rarest"], metrics["multi-label/exact_match"]
        (75.0, 100.0, 50.0)
    """

    def __init__(
        self,
        thresholds: float | Sequence[float] | str | os.PathLike | None = None,
        topk: int | None = None,
        class_counts: Sequence[int] | str | os.PathLike | None = None,
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
        if isinstance(thresholds, (str, os.PathLike)):
            read_named_values(
                thresholds, "thresholds", []
            )  # a wrong path is refused now, not after the first epoch
        self.thresholds = 0.5 if thresholds is None and topk is None else thresholds
        self.topk = topk
        self.num_rarest = num_rarest

    def prepare(self, num_classes: int) -> None:
        """Bring class counts and thresholds into class order; see the base class."""
        super().prepare(num_classes)
        self._ordered_thresholds = self.thresholds
        if self.thresholds is not None and not isinstance(self.thresholds, Real):
            name = type(self).__name__
            self._ordered_thresholds = class_values(
                self.thresholds, "thresholds", self.class_names, num_classes, name
            )

    def kept_values(self, scores: np.ndarray) -> np.ndarray:
        """Whether each label is predicted, (N, C) -> (N, C)."""
        if self.topk is not None:
            return top_labels(scores, self.topk, self._ordered_thresholds)
        return labels_above(scores, self._ordered_thresholds)

    def compute_metrics(self, results: KnownElementBatch) -> dict[str, float]:
        """The scores named above; see the base class."""
        elements = (results.values, results.labels, results.classes)
        metrics = multi_label_scores(*elements, num_classes=results.num_classes)
        metrics["exact_match"] = exact_match(results.values, results.labels, results.samples)
        per_class = class_scores(*elements, num_classes=results.num_classes)
        if self.training_positives is not None:
            rarest = rarest_classes(self.training_positives, self.num_rarest)
            rarest = rarest[per_class.positives[rarest] > 0]
            metrics["recall_rarest"] = float(per_class.recall[rarest].mean()) if len(rarest) else float("nan")
            metrics["f1_rarest"] = float(per_class.f1[rarest].mean()) if len(rarest) else float("nan")
        metrics = {name: 100 * value for name, value in metrics.items()}
        if self.classwise:
            percent = {name: 100 * getattr(per_class, name) for name in ("precision", "recall", "f1")}
            metrics |= {f"{name}_classwise": values.tolist() for name, values in percent.items()}
            columns = {} if self.training_positives is None else {"train positives": self.training_positives}
            columns |= {"known positives": per_class.positives, "known negatives": per_class.negatives}
            columns |= {"precision": percent["precision"], "recall": percent["recall"], "F1": percent["f1"]}
            print_log(f"\n{class_table('Predicted labels', self.class_names, columns)}", logger="current")
        return metrics
