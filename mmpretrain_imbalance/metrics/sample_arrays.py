"""The scores of a batch of samples as one table, and their known labels, both checked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from ..functional.labels import NEGATIVE, POSITIVE, UNKNOWN
from ..functional.metrics.arrays import as_array, raise_at_first


def scores_and_known_labels(
    data_samples: Sequence[dict], class_names: Sequence[str] | None, caller: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Stack the scores of samples, and pick out the labels that are known.

    Args:
        data_samples: Dictionaries with ``pred_score`` of shape (C,), and ``gt_score`` of 1/0/-1 of shape (C,)
            or ``gt_label`` with the indices of the positives, where every other class is negative.
        class_names: Class names for the messages; None for indices alone.
        caller: Name of the class that was given the samples, for the messages.

    Returns:
        Scores, float32, of shape (N, C); the places of the K known labels in the flattened table, ascending,
        int64, of shape (K,); these labels, 1 or 0, int8, of shape (K,). The samples are not changed.

    Raises:
        ValueError: If a score is NaN, or a label is outside the convention.

    Example:
        >>> samples = [dict(pred_score=torch.tensor([0.9, 0.2, 0.4]), gt_score=torch.tensor([1, -1, 0]))]
        >>> scores, places, labels = scores_and_known_labels(samples, None, "metric")
        >>> places, labels
        (array([0, 2]), array([1, 0], dtype=int8))
    """
    scores = torch.stack([sample["pred_score"].detach() for sample in data_samples]).float().cpu().numpy()
    num_classes = scores.shape[1]
    table = as_array(torch.stack([_labels(sample, num_classes, caller) for sample in data_samples])).ravel()
    places = np.flatnonzero(table != UNKNOWN)  # a tenth of the time that np.nonzero takes for two dimensions
    labels = table[places]

    def check(field: str, expected: str, values: np.ndarray, wrong: np.ndarray, at: Sequence[int]) -> None:
        if wrong.any():
            row, class_index = divmod(int(at[wrong.argmax()]), num_classes)
            sample = data_samples[row]
            name = sample.get("img_path") or sample.get("sample_idx", f"{row} of the batch")
            class_name = f" ({class_names[class_index]})" if class_names else ""
            place = f"sample {name}, class {class_index}{class_name}".replace("{", "{{").replace("}", "}}")
            raise_at_first(wrong, values, f"The '{field}' of the samples of {caller}", expected, place)

    flat = scores.ravel()
    check("pred_score", "a number for every class", flat, np.isnan(flat), range(flat.size))
    wrong = (labels != POSITIVE) & (labels != NEGATIVE)
    check("gt_score", "1 (positive), 0 (negative) or -1 (unknown) in every element", labels, wrong, places)
    return scores, places, labels.astype(np.int8)


def _labels(data_sample: dict, num_classes: int, caller: str) -> torch.Tensor:
    if "gt_score" in data_sample:
        labels = data_sample["gt_score"]
        if labels.shape != (num_classes,):
            raise ValueError(
                f"The 'gt_score' of the samples of {caller} must have one label for each of the "
                f"{num_classes} classes that are scored. Got the shape {tuple(labels.shape)} instead."
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
