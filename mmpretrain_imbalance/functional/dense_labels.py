"""A table of labels from short lists of labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from mmpretrain_imbalance.functional.labels import NEGATIVE, POSITIVE, UNKNOWN

EXPECTED_VALUES = "1 (positive), 0 (negative), -1 (unknown) or a soft label between 0 and 1 in every element"


def dense_labels(
    indices: Tensor,
    values: Tensor,
    counts: Tensor | Sequence[int],
    num_classes: int,
    fill: Tensor | float = UNKNOWN,
    device: torch.device | str | None = None,
    name_sample: Callable[[int], str] = "sample {}".format,
) -> Tensor:
    r"""Make the label table of a batch from the labels that each sample lists.

    .. math:: Y_{n i_k} = v_k \text{ for element } k \text{ of sample } n, \qquad Y_{nc} = f_n \text{ elsewhere}

    The lists are checked where they are, so lists on the CPU cost a GPU no synchronization. They are then
    moved, and written by one scatter. A label listed twice counts once.

    Args:
        indices: Class indices of all samples, one sample after the other, of shape (K,).
        values: Label of each of these elements, of shape (K,).
        counts: Number of elements of each sample, N numbers with the sum K.
        num_classes: Number of columns C.
        fill: Label of the classes that a sample does not list, one for all or of shape (N,).
        device: Where the table is made; by default where the lists are.
        name_sample: Gives what an error message calls the sample of a row.

    Returns:
        Float32 table of shape (N, C).

    Raises:
        ValueError: If lengths do not fit, an index is no class, a value is no label, or a sample lists two
            labels for one class.

    Example:
        >>> dense_labels(torch.tensor([0, 2, 1]), torch.tensor([1, 0, 1]), [2, 1], num_classes=4)
        tensor([[ 1., -1.,  0., -1.],
                [-1.,  1., -1., -1.]])
    """
    counts = torch.as_tensor(counts, dtype=torch.int64, device=indices.device)
    if not len(indices) == len(values) == counts.sum():
        raise ValueError(
            f"The 'indices' and 'values' arguments of dense_labels must be as long as the sum of 'counts', "
            f"{int(counts.sum())}. Got {len(indices)} and {len(values)} instead."
        )
    rows = torch.repeat_interleave(
        torch.arange(len(counts), device=indices.device), counts, output_size=len(indices)
    )
    outside = (indices < 0) | (indices >= num_classes)
    if outside.any():
        element = int(outside.nonzero()[0])
        raise ValueError(
            f"The 'indices' argument of dense_labels must be classes from 0 to {num_classes - 1}. Got "
            f"{int(indices[element])} at {name_sample(int(rows[element]))} instead."
        )
    wrong = wrong_labels(values)
    if wrong.any():
        element = int(wrong.nonzero()[0])
        raise ValueError(
            f"The 'values' argument of dense_labels must be {EXPECTED_VALUES}. Got {values[element].item():g} "
            f"at {name_sample(int(rows[element]))}, class {int(indices[element])} instead."
        )
    cells = rows * num_classes + indices
    _check_no_contradiction(cells, values, num_classes, name_sample)

    device = indices.device if device is None else device
    fill = torch.as_tensor(fill, dtype=torch.float32).to(device, non_blocking=True)
    table = fill.reshape(-1, 1).expand(len(counts), num_classes).contiguous()
    cells = cells.to(device, non_blocking=True)
    table.view(-1).scatter_(0, cells, values.to(device, torch.float32, non_blocking=True))
    return table


def wrong_labels(labels: Tensor) -> Tensor:
    """Tell which elements are no label, neither -1 nor from 0 to 1: NaN is none, nor is a -1 wrapped to 255.

    Args:
        labels: Numbers of any type and shape.

    Returns:
        Booleans of the same shape.

    Example:
        >>> wrong_labels(torch.tensor([1.0, 0.0, -1.0, 0.3, -0.3, 2.0, float("nan")]))
        tensor([False, False, False, False,  True,  True,  True])
    """
    if not labels.dtype.is_signed:
        labels = labels.float()  # torch compares an unsigned 255 with -1 as equal
    return ~((labels == UNKNOWN) | ((labels >= NEGATIVE) & (labels <= POSITIVE)))


def _check_no_contradiction(
    cells: Tensor, values: Tensor, num_classes: int, name_sample: Callable[[int], str]
) -> None:
    """Refuse two different labels in one cell: which of them a scatter keeps is undefined."""
    if (cells[1:] > cells[:-1]).all():
        return  # the usual order of an annotation: no cell occurs twice
    cells, order = cells.sort(stable=True)
    values = values[order]
    clash = (cells[1:] == cells[:-1]) & (values[1:] != values[:-1])
    if clash.any():
        element = int(clash.nonzero()[0])
        row, class_index = divmod(int(cells[element]), num_classes)
        raise ValueError(
            f"The 'values' argument of dense_labels must be one label a sample and class. Got "
            f"{values[element].item():g} and {values[element + 1].item():g} at {name_sample(row)}, class "
            f"{class_index} instead."
        )
