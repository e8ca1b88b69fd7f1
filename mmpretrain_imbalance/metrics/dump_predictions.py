"""Metric that writes the predictions of a validation or test set, for reports and thresholds."""

from __future__ import annotations

import os

import numpy as np
from mmpretrain.registry import METRICS

from .gathered_elements import KnownElementBatch
from .known_elements_metric import KnownElementsMetric
from .known_predictions import KnownPredictions


@METRICS.register_module()
class DumpPredictions(KnownElementsMetric):
    """Metric that writes the scores and labels of all known elements of all ranks to one file.

    It reports no values. The file takes about 17 bytes per known label. It is read by
    ``tools/analysis_tools/report.py`` and :class:`KnownPredictions`.

    Args:
        out_file: The file to write, by convention ``predictions.npz`` in the work directory; None to keep the
            predictions only in the attribute ``predictions``.
        collect_device: 'cpu' or 'gpu', for compatibility with MMPretrain's metrics; has no effect.
        prefix: As in the other metrics.

    Attributes:
        predictions: Predictions of the last evaluation; None except on the main process.

    Raises:
        ValueError: If the file does not end in ``.npz``.

    Example:
        >>> import torch
        >>> metric = DumpPredictions()
        >>> metric.process(None, [dict(pred_score=torch.tensor([0.9, 0.3]), gt_score=torch.tensor([1, -1]))])
        >>> metric.evaluate(size=1)
        {}
        >>> metric.predictions.class_names, metric.predictions.labels
        (['0', '1'], array([1], dtype=int8))
    """

    def __init__(
        self,
        out_file: str | os.PathLike[str] | None = None,
        collect_device: str = "cpu",
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        if out_file is not None and not str(out_file).endswith(".npz"):
            raise ValueError(
                f"The 'out_file' argument of DumpPredictions must end in .npz. Got {str(out_file)!r} instead."
            )
        self.out_file = out_file
        self.predictions: KnownPredictions | None = None

    def prepare(self, num_classes: int) -> None:
        """Sort the training counts into class order, if there are any."""
        if self._class_counts is not None:
            super().prepare(num_classes)

    def kept_values(self, scores: np.ndarray) -> np.ndarray:
        """Return the scores unchanged, (N, C) -> (N, C)."""
        return scores

    def compute_metrics(self, results: KnownElementBatch) -> dict[str, float | list[float]]:
        """Write the file, and return no metrics; see the base class."""
        groups = self.named_groups(results.num_classes)
        names = self.class_names or [str(index) for index in range(results.num_classes)]
        self.predictions = KnownPredictions(
            class_names=[str(name) for name in names],
            num_images=results.num_samples,
            images=results.samples,
            classes=results.classes,
            scores=results.values,
            labels=results.labels,
            training_positives=self.training_positives,
            class_groups=None if groups is None else list(groups),
        )
        if self.out_file is not None:
            self.predictions.save(self.out_file)
        return {}
