"""One dense label table from the samples of a batch."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmpretrain.structures import DataSample
from torch import Tensor

from mmpretrain_imbalance.functional.dense_labels import EXPECTED_VALUES, dense_labels, wrong_labels
from mmpretrain_imbalance.functional.labels import NEGATIVE, POSITIVE, UNKNOWN


def has_labels(sample: DataSample) -> bool:
    """Tell whether a sample carries labels of any of the three kinds that :func:`batch_labels` reads."""
    return "gt_label_indices" in sample or "gt_score" in sample or "gt_label" in sample


def batch_labels(
    samples: Sequence[DataSample], num_classes: int | None = None, device: torch.device | str | None = None
) -> Tensor:
    """Make one label table from samples that carry labels of any kind, also of different kinds in one batch.

    - ``gt_label_indices`` and ``gt_label_values``: the listed labels; all others are the sample's
      ``default_label``, unknown where it has none.
    - ``gt_score``: a label for every class.
    - ``gt_label``, of the host: the positive classes; all others are negative.

    The first kind found in this order counts.

    Args:
        samples: Samples that all have labels.
        num_classes: Number of classes C; where it is missing, the samples must tell.
        device: Where the table is made.

    Returns:
        Float32 table of shape (N, C).

    Raises:
        ValueError: If class counts differ or are missing, or a label is wrong; the sample is named.

    Example:
        >>> sparse = DataSample(gt_label_indices=torch.tensor([1]), gt_label_values=torch.tensor([0]))
        >>> batch_labels([sparse, DataSample().set_gt_label([2, 2])], num_classes=3)
        tensor([[-1.,  0., -1.],
                [ 0.,  0.,  1.]])
    """
    num_classes = _class_count(samples, num_classes)
    vectors = {
        row: sample.gt_score
        for row, sample in enumerate(samples)
        if "gt_score" in sample and "gt_label_indices" not in sample
    }
    if len(vectors) == len(samples):
        return _stack(vectors, samples, device)

    lists = [_EMPTY if row in vectors else _listed_labels(sample, row) for row, sample in enumerate(samples)]
    indices, values, fills = zip(*lists)
    table = dense_labels(
        torch.cat(indices),
        torch.cat(values),
        counts=[len(sample_indices) for sample_indices in indices],
        num_classes=num_classes,
        fill=torch.tensor(fills),
        device=device,
        name_sample=lambda row: sample_name(samples[row], row),
    )
    if vectors:
        rows = torch.tensor(list(vectors)).to(table.device, non_blocking=True)
        table.index_copy_(0, rows, _stack(vectors, samples, table.device))
    return table


def has_unknown_labels(samples: Sequence[DataSample], num_classes: int) -> bool:
    """Whether the table of :func:`batch_labels` has any unknown label.

    The samples are read where they are, so those of a loader cost a GPU no synchronization.

    Example:
        >>> has_unknown_labels([DataSample().set_gt_label([2])], num_classes=3)
        False
    """
    for row, sample in enumerate(samples):
        if "gt_score" in sample and "gt_label_indices" not in sample:
            labels, default_label = sample.gt_score, NEGATIVE
        else:
            indices, labels, default_label = _listed_labels(sample, row)
        if (labels == UNKNOWN).any() or (default_label == UNKNOWN and len(indices.unique()) < num_classes):
            return True
    return False


def are_hard(samples: Sequence[DataSample]) -> bool:
    """Whether the types of the labels rule out soft ones; no value is read.

    Example:
        >>> are_hard([DataSample().set_gt_label([2])]), are_hard([DataSample().set_gt_score(torch.ones(3))])
        (True, False)
    """
    given = [
        sample.get("gt_label_values") if "gt_label_indices" in sample else sample.get("gt_score")
        for sample in samples
    ]
    return not any(labels is not None and torch.as_tensor(labels).is_floating_point() for labels in given)


def sample_name(sample: DataSample, row: int) -> str:
    """Name a sample in an error message, by its place in the batch and what else is known of it."""
    known = [
        f"{key} {sample.get(key)!r}" for key in ("sample_idx", "img_path") if sample.get(key) is not None
    ]
    return f"sample {row}" + (f" ({', '.join(known)})" if known else "")


_EMPTY = (torch.empty(0, dtype=torch.int64), torch.empty(0, dtype=torch.int8), float(UNKNOWN))


def _listed_labels(sample: DataSample, row: int) -> tuple[Tensor, Tensor, float]:
    """Give class indices, their labels and the label of all other classes of one sample."""
    if "gt_label_indices" not in sample:
        indices = torch.as_tensor(sample.gt_label)
        return indices, torch.full_like(indices, POSITIVE, dtype=torch.int8), float(NEGATIVE)

    indices = torch.as_tensor(sample.gt_label_indices)
    values = torch.as_tensor(sample.get("gt_label_values", ()))
    default_label = sample.get("default_label", UNKNOWN)
    if indices.ndim != 1 or indices.shape != values.shape:
        raise ValueError(
            f"The 'gt_label_values' of {sample_name(sample, row)} must be one label for each of its "
            f"'gt_label_indices', of shape {tuple(indices.shape)}. Got the shape {tuple(values.shape)} "
            f"instead."
        )
    if default_label not in (NEGATIVE, UNKNOWN):
        raise ValueError(
            f"The 'default_label' of {sample_name(sample, row)} must be 0 (negative) or -1 (unknown). Got "
            f"{default_label!r} instead."
        )
    return indices.long(), values, float(default_label)


def _class_count(samples: Sequence[DataSample], num_classes: int | None) -> int:
    """Find the number of classes on which the argument and all samples agree."""
    source = "the 'num_classes' of the data preprocessor"
    for row, sample in enumerate(samples):
        length = len(sample.gt_score) if "gt_score" in sample else None
        for found, field in ((sample.get("num_classes"), "num_classes"), (length, "length of gt_score")):
            if found is None or found == num_classes:
                continue
            if num_classes is not None:
                raise ValueError(
                    f"The '{field}' of {sample_name(sample, row)} must be {num_classes}, as {source}. Got "
                    f"{found} instead."
                )
            num_classes, source = found, f"the {field} of {sample_name(sample, row)}"
    if num_classes is None:
        raise ValueError(
            "The 'num_classes' argument of PartialLabelDataPreprocessor must be given where samples carry "
            "class indices and no 'num_classes'. Got None instead. Set "
            "data_preprocessor=dict(num_classes=...)."
        )
    return num_classes


def _stack(
    vectors: dict[int, Tensor], samples: Sequence[DataSample], device: torch.device | str | None
) -> Tensor:
    """Stack the full label vectors of some rows; check them all at once where they are, then move them.

    Vectors of a loader are on the CPU, where a check costs a GPU no synchronization. Those that are on
    another device already are left to the validation of the loss.
    """
    same_type = len({vector.dtype for vector in vectors.values()}) == 1
    labels = torch.stack([vector if same_type else vector.float() for vector in vectors.values()])
    if labels.device.type == "cpu" and (wrong := wrong_labels(labels)).any():
        place, class_index = wrong.nonzero()[0].tolist()
        row = list(vectors)[place]
        remedy = " An unsigned type cannot hold -1: use int8." if vectors[row].dtype == torch.uint8 else ""
        raise ValueError(
            f"The 'gt_score' of {sample_name(samples[row], row)} must be {EXPECTED_VALUES}. Got "
            f"{labels[place, class_index].item():g} at class {class_index} instead.{remedy}"
        )
    return labels.to(device, non_blocking=True).float()
