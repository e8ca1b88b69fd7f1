"""Dense (N, C) label tensor of a batch of samples."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmpretrain.structures import DataSample
from torch import Tensor

from mmpretrain_imbalance.functional.dense_labels import EXPECTED_VALUES, dense_labels, wrong_labels
from mmpretrain_imbalance.functional.labels import NEGATIVE, POSITIVE, UNKNOWN


def has_labels(sample: DataSample) -> bool:
    """Return whether a sample has labels of any of the three kinds that :func:`batch_labels` reads."""
    return "gt_label_indices" in sample or "gt_score" in sample or "gt_label" in sample


def batch_labels(
    samples: Sequence[DataSample], num_classes: int | None = None, device: torch.device | str | None = None
) -> Tensor:
    """Return the labels of a batch as one tensor; the samples may have labels of different kinds.

    - ``gt_label_indices`` and ``gt_label_values``: the listed labels; all other classes have the sample's
      ``default_label``, which is unknown by default.
    - ``gt_score``: one label per class.
    - ``gt_label``, MMPretrain's format: the positive classes; all other classes are negative.

    If a sample has several of them, the first in this order is used.

    Args:
        samples: Samples that all have labels.
        num_classes: Number of classes C; ``None`` takes it from the samples.
        device: Device of the result.

    Returns:
        Labels in float32, of shape (N, C).

    Raises:
        ValueError: If the number of classes differs or is missing, or a label is wrong; the message names the
            sample.

    Example:
        >>> sparse = DataSample(gt_label_indices=torch.tensor([1]), gt_label_values=torch.tensor([0]))
        >>> batch_labels([sparse, DataSample().set_gt_label([2, 2])], num_classes=3)
        tensor([[-1.,  0., -1.],
                [ 0.,  0.,  1.]])
    """
    num_classes = _find_num_classes(samples, num_classes)
    dense = {
        row: sample.gt_score
        for row, sample in enumerate(samples)
        if "gt_score" in sample and "gt_label_indices" not in sample
    }
    if len(dense) == len(samples):
        return _stack(dense, samples, device)

    lists = [_EMPTY if row in dense else _listed_labels(sample, row) for row, sample in enumerate(samples)]
    indices, values, fills = zip(*lists)
    labels = dense_labels(
        torch.cat(indices),
        torch.cat(values),
        counts=[len(sample_indices) for sample_indices in indices],
        num_classes=num_classes,
        fill=torch.tensor(fills),
        device=device,
        name_sample=lambda row: sample_name(samples[row], row),
    )
    if dense:
        rows = torch.tensor(list(dense)).to(labels.device, non_blocking=True)
        labels.index_copy_(0, rows, _stack(dense, samples, labels.device))
    return labels


def has_unknown_labels(samples: Sequence[DataSample], num_classes: int) -> bool:
    """Return whether the result of :func:`batch_labels` has any unknown label.

    The labels are read on their own device, so labels of a data loader cause no GPU synchronization.

    Example:
        >>> has_unknown_labels([DataSample().set_gt_label([2])], num_classes=3)
        False
    """
    scores, lists = [], []
    for row, sample in enumerate(samples):
        if "gt_score" in sample and "gt_label_indices" not in sample:
            scores.append(torch.as_tensor(sample.gt_score))
        else:
            lists.append(_listed_labels(sample, row))
    values = [*scores, *(listed_values for _, listed_values, _ in lists)]
    if (torch.cat(values) == UNKNOWN).any():
        return True
    # In these samples every class that is not listed is unknown; a class may be listed twice.
    lists_of_all = [indices for indices, _, default_label in lists if default_label == UNKNOWN]
    if any(len(indices) < num_classes for indices in lists_of_all):
        return True
    elements = [indices + row * num_classes for row, indices in enumerate(lists_of_all)]
    return bool(elements) and len(torch.cat(elements).unique()) < len(elements) * num_classes


def known_positives(sample: DataSample) -> Tensor:
    """Return the classes that are positive in :func:`batch_labels`, in ascending order, as int64.

    The labels are read on their own device, so labels of a data loader cause no GPU synchronization. The
    other classes are negative or unknown.

    Example:
        >>> known_positives(DataSample().set_gt_score(torch.tensor([1, -1, 0, 1])))
        tensor([0, 3])
    """
    if "gt_label_indices" in sample:
        indices = torch.as_tensor(sample.gt_label_indices).long()
        return indices[torch.as_tensor(sample.gt_label_values) == POSITIVE].unique()
    if "gt_score" in sample:
        return (sample.gt_score == POSITIVE).nonzero().flatten()
    return torch.as_tensor(sample.gt_label).long().unique()


def have_hard_dtypes(samples: Sequence[DataSample]) -> bool:
    """Return whether no label can be soft according to the dtypes; no value is read.

    Example:
        >>> soft = DataSample().set_gt_score(torch.ones(3))
        >>> have_hard_dtypes([DataSample().set_gt_label([2])]), have_hard_dtypes([soft])
        (True, False)
    """
    values = [
        sample.get("gt_label_values") if "gt_label_indices" in sample else sample.get("gt_score")
        for sample in samples
    ]
    return not any(labels is not None and torch.as_tensor(labels).is_floating_point() for labels in values)


def sample_name(sample: DataSample, row: int) -> str:
    """Return the name of a sample for error messages: its row in the batch, index and path."""
    fields = [
        f"{key} {sample.get(key)!r}" for key in ("sample_idx", "img_path") if sample.get(key) is not None
    ]
    return f"sample {row}" + (f" ({', '.join(fields)})" if fields else "")


_EMPTY = (torch.empty(0, dtype=torch.int64), torch.empty(0, dtype=torch.int8), float(UNKNOWN))


def _listed_labels(sample: DataSample, row: int) -> tuple[Tensor, Tensor, float]:
    """Return class indices, their labels, and the label of all other classes of one sample."""
    if "gt_label_indices" not in sample:
        indices = torch.as_tensor(sample.gt_label)
        return indices, torch.full_like(indices, POSITIVE, dtype=torch.int8), float(NEGATIVE)

    indices = torch.as_tensor(sample.gt_label_indices)
    values = torch.as_tensor(sample.get("gt_label_values", ()))
    default_label = sample.get("default_label", UNKNOWN)
    if indices.ndim != 1 or indices.shape != values.shape:
        raise ValueError(
            f"The 'gt_label_values' of {sample_name(sample, row)} must be one label per index in "
            f"'gt_label_indices', of shape {tuple(indices.shape)}. Got the shape {tuple(values.shape)} "
            "instead."
        )
    if default_label not in (NEGATIVE, UNKNOWN):
        raise ValueError(
            f"The 'default_label' of {sample_name(sample, row)} must be 0 (negative) or -1 (unknown). Got "
            f"{default_label!r} instead."
        )
    return indices.long(), values, float(default_label)


def _find_num_classes(samples: Sequence[DataSample], num_classes: int | None) -> int:
    """Return the number of classes, which must be the same in the argument and in all samples."""
    source = "the 'num_classes' of the data preprocessor"
    for row, sample in enumerate(samples):
        length = len(sample.gt_score) if "gt_score" in sample else None
        for found, field in ((sample.get("num_classes"), "'num_classes'"), (length, "length of 'gt_score'")):
            if found is None or found == num_classes:
                continue
            if num_classes is not None:
                raise ValueError(
                    f"The {field} of {sample_name(sample, row)} must be {num_classes}, as {source}. Got "
                    f"{found} instead."
                )
            num_classes, source = found, f"the {field} of {sample_name(sample, row)}"
    if num_classes is None:
        raise ValueError(
            "The 'num_classes' argument of PartialLabelDataPreprocessor must be given for samples with "
            "class indices and without 'num_classes'. Got None instead. Set "
            "data_preprocessor=dict(num_classes=...)."
        )
    return num_classes


def _stack(
    dense: dict[int, Tensor], samples: Sequence[DataSample], device: torch.device | str | None
) -> Tensor:
    """Stack the ``gt_score`` of some rows, validate all of them at once on the CPU, and move them.

    Labels of a data loader are on the CPU, where the validation causes no GPU synchronization. The loss
    validates labels that are already on another device.
    """
    same_type = len({scores.dtype for scores in dense.values()}) == 1
    labels = torch.stack([scores if same_type else scores.float() for scores in dense.values()])
    if labels.device.type == "cpu" and (wrong := wrong_labels(labels)).any():
        position, class_index = wrong.nonzero()[0].tolist()
        row = list(dense)[position]
        remedy = " An unsigned dtype cannot hold -1: use int8." if dense[row].dtype == torch.uint8 else ""
        raise ValueError(
            f"The 'gt_score' of {sample_name(samples[row], row)} must be {EXPECTED_VALUES}. Got "
            f"{labels[position, class_index].item():g} at class {class_index} instead.{remedy}"
        )
    return labels.to(device, non_blocking=True).float()
