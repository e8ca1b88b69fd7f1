"""Labels and scores predicted for one image."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class ImagePrediction:
    """Prediction for one image, or the reason why there is none.

    Attributes:
        image: Path of the image, or 'array i' for the input with index i.
        labels: Names of the labels whose score is at least their threshold, highest score first.
        scores: Scores of ``labels``.
        top_labels: Names of the k labels with the highest scores, independent of the thresholds.
        top_scores: Scores of ``top_labels``.
        fault: Reason why the image could not be predicted; None for a valid image.
        class_scores: Scores of all classes, of shape (C,); None for an invalid image.
    """

    image: str
    labels: list[str] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    top_labels: list[str] = field(default_factory=list)
    top_scores: list[float] = field(default_factory=list)
    fault: str | None = None
    class_scores: np.ndarray | None = field(default=None, repr=False, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the record of the prediction for a :class:`PredictionFile`.

        Returns:
            A dictionary with 'image', 'labels', 'scores' and, if requested, 'top_labels' and 'top_scores'; or
            with 'image' and 'fault'.

        Example:
            >>> ImagePrediction("a.jpg", ["cat"], [0.9]).to_dict()
            {'image': 'a.jpg', 'labels': ['cat'], 'scores': [0.9]}
        """
        if self.fault is not None:
            return {"image": self.image, "fault": self.fault}
        record: dict[str, Any] = {"image": self.image, "labels": self.labels, "scores": self.scores}
        if self.top_labels:
            record |= {"top_labels": self.top_labels, "top_scores": self.top_scores}
        return record
