"""Predictions, thresholds and label statistics of one run, and the metrics of the run report."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ...functional import (
    auroc,
    average_precision,
    calibration_error,
    class_groups,
    exact_match,
    mean_average_precision,
    multi_label_scores,
    named_class_groups,
    pooled_calibration_error,
    rarest_classes,
)
from ...functional.metrics.class_groups import DEFAULT_GROUP_THRESHOLDS
from ...metrics.chosen_on import read_chosen_on, same_data
from ...metrics.known_predictions import KnownPredictions
from ...utils.class_values import read_named_values
from ..statistics_history import read_statistics_histories
from .run_facts import RunFacts, read_run_facts
from .training_log import TrainingLog, read_training_log


@dataclass(frozen=True)
class ReportRun:
    """Data of one run for :func:`run_report_page`.

    Attributes:
        name: Name of the run in the report.
        work_dir: Work folder of the run.
        predictions: Predictions of the run on the known labels.
        training_positives: Number of training positives of each class, of shape (C,); None if not recorded.
        training_labels: Numbers of training positives, negatives and unknown labels of each class, of shape
            (3, C); None if not recorded.
        thresholds: Chosen threshold of each class, of shape (C,); None if no thresholds were chosen.
        group_thresholds: Minimum number of training positives of a middle class and of a head class. None
            selects the groups defined by the dataset, or 20 and 100 if it defines none.
        chosen_on: Description of the data on which the thresholds were chosen; None if not recorded.
    """

    name: str
    work_dir: Path
    predictions: KnownPredictions
    training_positives: np.ndarray | None = None
    training_labels: np.ndarray | None = None
    thresholds: np.ndarray | None = None
    group_thresholds: tuple[float, float] | None = None
    chosen_on: Mapping[str, Any] | None = None

    @classmethod
    def read(
        cls,
        work_dir: str | os.PathLike[str],
        name: str | None = None,
        group_thresholds: tuple[float, float] | None = None,
    ) -> ReportRun:
        """Read ``predictions.npz`` and, if they exist, ``label_counts.json`` and ``thresholds.json``.

        Args:
            work_dir: Work folder of the run.
            name: Name of the run in the report; by default the name of the folder.
            group_thresholds: See the attribute.

        Returns:
            The run.

        Raises:
            FileNotFoundError: If the folder has no ``predictions.npz``.
            ValueError: If a file is invalid.
        """
        folder = Path(work_dir)
        predictions = KnownPredictions.load(folder / "predictions.npz")
        positives, labels, thresholds, chosen_on = predictions.training_positives, None, None, None
        if (folder / "label_counts.json").is_file():
            labels = np.array(
                [
                    read_named_values(folder / "label_counts.json", column, predictions.class_names)
                    for column in ("positives", "negatives", "unknown")
                ]
            )
            positives = labels[0] if positives is None else positives
        if (folder / "thresholds.json").is_file():
            thresholds = np.array(
                read_named_values(folder / "thresholds.json", "thresholds", predictions.class_names)
            )
            chosen_on = read_chosen_on(folder / "thresholds.json")
        name = name or folder.resolve().name
        return cls(name, folder, predictions, positives, labels, thresholds, group_thresholds, chosen_on)

    @cached_property
    def has_own_thresholds(self) -> bool:
        """Whether the thresholds were chosen on the very images of the predictions."""
        known = self.predictions
        return same_data(self.chosen_on, known.num_images, known.images, known.classes, known.labels)

    @property
    def elements(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Scores, labels and classes of the known elements."""
        return self.predictions.scores, self.predictions.labels, self.predictions.classes

    @cached_property
    def class_ap(self) -> np.ndarray:
        """Average precision of each class in percent, of shape (C,)."""
        return 100 * average_precision(*self.elements, num_classes=self.predictions.num_classes)

    @cached_property
    def history(self) -> dict[str, np.ndarray]:
        """Values recorded by the losses, by name, of shape (updates, C); NaN for classes without a record."""
        names, histories = read_statistics_histories(self.work_dir, to_last_checkpoint=True)
        if names == self.predictions.class_names:
            return histories
        columns = {name: column for column, name in enumerate(names)}
        order = np.array([columns.get(name, len(names)) for name in self.predictions.class_names])
        return {
            value: np.pad(rows, ((0, 0), (0, 1)), constant_values=np.nan)[:, order]
            for value, rows in histories.items()
        }

    @cached_property
    def facts(self) -> RunFacts:
        """Epoch, seed, date, duration, number of parameters and settings of the run."""
        return read_run_facts(self.work_dir)

    @cached_property
    def log(self) -> TrainingLog:
        """Losses and metrics over the epochs of the training."""
        return read_training_log(self.work_dir)

    @cached_property
    def class_calibration_error(self) -> np.ndarray:
        """Expected calibration error of each class in percent, of shape (C,)."""
        return 100 * calibration_error(*self.elements, num_classes=self.predictions.num_classes)

    @cached_property
    def known_positives(self) -> np.ndarray:
        """Number of known positives of each class in the predictions, of shape (C,)."""
        positive = self.predictions.labels == 1
        return np.bincount(self.predictions.classes[positive], minlength=self.predictions.num_classes)

    def groups(self) -> dict[str, np.ndarray]:
        """Return masks of the head, middle and tail classes by name; empty without training positives."""
        named = self.predictions.class_groups
        if named is not None and self.group_thresholds is None:
            return named_class_groups(named)
        if self.training_positives is None:
            return {}
        return class_groups(self.training_positives, self.group_thresholds or DEFAULT_GROUP_THRESHOLDS)

    def describe_groups(self) -> str:
        """Return a description of the groups for captions."""
        if self.predictions.class_groups is not None and self.group_thresholds is None:
            return "head, middle and tail classes as defined by the dataset"
        middle, head = self.group_thresholds or DEFAULT_GROUP_THRESHOLDS
        return (
            f"head (at least {head:g} training positives), middle, and tail classes (fewer than {middle:g})"
        )

    def scarce_classes(self) -> tuple[str, np.ndarray] | None:
        """Return name and class indices of the tail, or of the three rarest classes if the tail has no AP.

        Returns:
            None if the tail has no AP and the training positives are not recorded.
        """
        tail = self.groups().get("tail", np.zeros(self.predictions.num_classes, bool))
        if np.isfinite(self.class_ap[tail]).any():
            return "tail", np.flatnonzero(tail)
        if self.training_positives is None:
            return None
        return "the 3 rarest classes", rarest_classes(self.training_positives, 3)

    @cached_property
    def metrics(self) -> dict[str, float]:
        """Metrics in percent by name; lower is better for names with 'calibration', higher for all others."""
        num_classes = self.predictions.num_classes
        metrics = {
            "mAP": mean_average_precision(self.class_ap),
            "mAP weighted by positives, mAP(O)": mean_average_precision(
                self.class_ap, weights=self.known_positives
            ),
        }
        for group, members in self.groups().items():
            if members.any():
                classes = "1 class" if members.sum() == 1 else f"{members.sum():,} classes"
                metrics[f"mAP {group} ({classes})"] = mean_average_precision(self.class_ap, keep=members)
        if self.training_positives is not None:
            rarest = rarest_classes(self.training_positives, 3)
            metrics["mAP of the 3 rarest classes"] = mean_average_precision(self.class_ap, keep=rarest)
        metrics |= self._threshold_metrics(np.full(num_classes, 0.5), "at 0.5")
        if self.thresholds is not None:
            metrics |= self._threshold_metrics(self.thresholds, "at the chosen thresholds")
        metrics["AUROC, mean over classes"] = 100 * mean_average_precision(
            auroc(*self.elements, num_classes=num_classes)
        )
        metrics["calibration error, pooled"] = 100 * pooled_calibration_error(*self.elements)
        metrics["calibration error, mean over classes"] = mean_average_precision(self.class_calibration_error)
        return metrics

    def _threshold_metrics(self, thresholds: np.ndarray, suffix: str) -> dict[str, float]:
        scores, labels, classes = self.elements
        predicted = scores >= thresholds.astype(scores.dtype)[classes]
        metrics = multi_label_scores(predicted, labels, classes, num_classes=self.predictions.num_classes)
        return {
            f"macro F1 {suffix}": 100 * metrics["macro_f1"],
            f"CF1 {suffix}": 100 * metrics["CF1"],
            f"OF1 {suffix}": 100 * metrics["OF1"],
            f"exact match {suffix}": 100 * exact_match(predicted, labels, self.predictions.images),
        }
