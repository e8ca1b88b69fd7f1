"""Evaluation of a checkpoint at 0.5 and with the thresholds that were chosen for it, in one run."""

from __future__ import annotations

import copy
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmpretrain_imbalance.apis.chosen_thresholds import chosen_thresholds, thresholds_beside
from mmpretrain_imbalance.metrics import PartialLabelMetric

PREFIX = "chosen-thresholds"
_SOURCES = {
    "head": "of the head of the config",
    "file": "of thresholds.json beside the checkpoint",
    "checkpoint": "in the checkpoint",
}


class ChosenThresholdsHook(Hook):
    """Add a copy of every :class:`PartialLabelMetric` at 0.5, with the thresholds chosen for the weights.

    The thresholds are those that ``tools/predict.py`` uses. Without any, no metric is added.

    Args:
        weights: Path or URL of the checkpoint.

    Attributes:
        source: Source of the thresholds; None if no metric was added.
    """

    priority = "VERY_LOW"  # after LabelStatisticsHook, which sets the label counts of the metrics

    def __init__(self, weights: str) -> None:
        self.weights = weights
        self.source: str | None = None

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Add the metrics."""
        metrics = [
            metric
            for metric in runner.test_evaluator.metrics
            if type(metric) is PartialLabelMetric and metric.thresholds == 0.5 and metric.topk is None
        ]
        if not metrics:
            return
        model = runner.model
        while hasattr(model, "module"):  # of several processes, or test-time augmentation
            model = model.module
        head, meta = getattr(model, "head", None), checkpoint.get("meta") or {}
        names = metrics[0].class_names or [str(index) for index in range(getattr(head, "num_classes", 0))]
        file = thresholds_beside(self.weights, meta)
        found = chosen_thresholds(None, head, meta.get("thresholds"), names, "tools/test.py", file=file)
        if found.source == "default":
            return
        self.source = found.source
        for metric in metrics:
            chosen = copy.deepcopy(metric)
            chosen.thresholds, chosen.chosen_on = found.values.tolist(), found.chosen_on
            chosen.prefix = PREFIX if metric.prefix == metric.default_prefix else f"{metric.prefix}-{PREFIX}"
            runner.test_evaluator.metrics.append(chosen)

    def sentence(self, metrics: dict[str, Any]) -> str:
        """Compare macro F1 with both thresholds.

        Args:
            metrics: The results of the run.

        Returns:
            One sentence.
        """
        pairs = [
            f"{value:.1f} (at 0.5: {metrics[plain]:.1f})"
            for name, value in metrics.items()
            if PREFIX in name
            and name.endswith("/macro_f1")
            and (plain := name.replace(f"{PREFIX}/", "partial-label/").replace(f"-{PREFIX}", "")) in metrics
        ]
        return f"Macro F1 with the thresholds {_SOURCES[str(self.source)]}: {', '.join(pairs)}"
