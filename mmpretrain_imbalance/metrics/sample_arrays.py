"""Stacked scores and known labels of a batch of samples, with validation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from ..functional.labels import NEGATIVE, POSITIVE, UNKNOWN
from ..functional.metrics.arrays import as_array, raise_at_first


def scores_and_known_labels(
    data_samples: Sequence[dict[str, Any]], class_names: Sequence[str] | None, caller: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the scores and the known labels of a batch of samples.

    Args:
        data_samples: Dictionaries with ``pred_score`` of shape (C,), and ``gt_score`` of 1/0/-1 of shape (C,)
            or ``gt_label`` with the indices of the positives, where every other class is negative.
        class_names: Class names for error messages; None for class indices only.
        caller: Name of the metric, for error messages.

    Returns:
        Scores, float32, of shape (N, C); indices of the K known labels in the flattened (N, C) matrix,
        ascending, int64, of shape (K,); these labels, 1 or 0, int8, of shape (K,). The samples are not
        changed.

    Raises:
        ValueError: If a score is NaN, or a label is not 1, 0 or -1.

    Example:
        >>> samples = [dict(pred_score=torch.tensor([0.9, 0.2, 0.4]), gt_score=torch.tensor([1, -1, 0]))]
        >>> scores, indices, labels = scores_and_known_labels(samples, None, "metric")
        >>> indices, labels
        (array([0, 2]), array([1, 0], dtype=int8))
    """
    scores = torch.stack([sample["pred_score"].detach() for sample in data_samples]).float().cpu().numpy()
    num_classes = scores.shape[1]
    flat_labels = as_array(
        torch.stack([_dense_labels(sample, num_classes, caller) for sample in data_samples])
    ).ravel()
    indices = np.flatnonzero(flat_labels != UNKNOWN)  # ten times faster than np.nonzero of a matrix
    labels = flat_labels[indices]

    def check(
        field: str, expected: str, values: np.ndarray, wrong: np.ndarray, at: Sequence[int] | np.ndarray
    ) -> None:
        if wrong.any():
            row, class_index = divmod(int(at[int(wrong.argmax())]), num_classes)
            sample = data_samples[row]
            name = sample.get("img_path") or sample.get("sample_idx", f"{row} of the batch")
            class_name = f" ({class_names[class_index]})" if class_names else ""
            position = f"sample {name}, class {class_index}{class_name}".replace("{", "{{").replace("}", "}}")
            raise_at_first(wrong, values, f"The '{field}' of the samples of {caller}", expected, position)

    flat_scores = scores.ravel()
    check(
        "pred_score", "a number for every class", flat_scores, np.isnan(flat_scores), range(flat_scores.size)
    )
    wrong = (labels != POSITIVE) & (labels != NEGATIVE)
    check("gt_score", "1 (positive), 0 (negative) or -1 (unknown) in every element", labels, wrong, indices)
    return scores, indices, labels.astype(np.int8)


def _dense_labels(data_sample: dict[str, Any], num_classes: int, caller: str) -> torch.Tensor:
    if "gt_score" in data_sample:
        labels = data_sample["gt_score"]
        if labels.shape != (num_classes,):
            raise ValueError(
                f"The 'gt_score' of the samples of {caller} must have one label for each of the "
                f"{num_classes} classes of 'pred_score'. Got the shape {tuple(labels.shape)} instead."
            )
        return labels
    if "gt_label" not in data_sample:
        raise ValueError(
            f"The samples of {caller} must have a 'gt_score' or a 'gt_label'. "
            f"Got {sorted(data_sample)} instead."
        )
    indices = data_sample["gt_label"].long()
    outside = indices[(indices < 0) | (indices >= num_classes)]
    if len(outside):
        raise ValueError(
            f"The 'gt_label' of the samples of {caller} must be class indices from 0 to {num_classes - 1}. "
            f"Got {outside[0].item()} instead."
        )
    return torch.zeros(num_classes, device=indices.device).index_fill(0, indices, POSITIVE)
