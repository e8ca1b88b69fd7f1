"""Dense label tensor of a batch from the label lists of its samples."""

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
    r"""Build the dense label tensor of a batch from the label list of each sample.

    .. math:: Y_{n i_k} = v_k \text{ for label } k \text{ of sample } n, \qquad Y_{nc} = f_n \text{ elsewhere}

    The lists are validated on their own device, so lists on the CPU need no synchronization with a GPU. They
    are then moved to the device of the result, and written by one scatter operation. A sample may list the
    same label twice.

    Args:
        indices: Class indices of the labels of all samples, concatenated, of shape (K,).
        values: Value of each of these labels, of shape (K,).
        counts: Number of labels of each sample, N numbers with the sum K.
        num_classes: Number of columns C.
        fill: Label of the classes that a sample does not list: one number, or one per sample, of shape (N,).
        device: Device of the result; by default the device of the lists.
        name_sample: Function from a row to the name of its sample in error messages.

    Returns:
        Labels, float32, of shape (N, C).

    Raises:
        ValueError: If lengths do not match, a class index is out of range, a label is invalid, or a sample
            lists two different labels for one class.

    Example:
        >>> dense_labels(torch.tensor([0, 2, 1]), torch.tensor([1, 0, 1]), [2, 1], num_classes=4)
        tensor([[ 1., -1.,  0., -1.],
                [-1.,  1., -1., -1.]])
    """
    counts = torch.as_tensor(counts, dtype=torch.int64, device=indices.device)
    if not len(indices) == len(values) == counts.sum():
        raise ValueError(
            f"The 'indices' and 'values' arguments of dense_labels must have the length {int(counts.sum())}, "
            f"the sum of 'counts'. Got {len(indices)} and {len(values)} instead."
        )
    rows = torch.repeat_interleave(
        torch.arange(len(counts), device=indices.device), counts, output_size=len(indices)
    )
    outside = (indices < 0) | (indices >= num_classes)
    if outside.any():
        label = int(outside.nonzero()[0])
        raise ValueError(
            f"The 'indices' argument of dense_labels must be class indices from 0 to {num_classes - 1}. Got "
            f"{int(indices[label])} at {name_sample(int(rows[label]))} instead."
        )
    wrong = wrong_labels(values)
    if wrong.any():
        label = int(wrong.nonzero()[0])
        raise ValueError(
            f"The 'values' argument of dense_labels must be {EXPECTED_VALUES}. Got {values[label].item():g} "
            f"at {name_sample(int(rows[label]))}, class {int(indices[label])} instead."
        )
    elements = rows * num_classes + indices
    _check_no_contradiction(elements, values, num_classes, name_sample)

    device = indices.device if device is None else device
    fill = torch.as_tensor(fill, dtype=torch.float32).to(device, non_blocking=True)
    labels = fill.reshape(-1, 1).expand(len(counts), num_classes).contiguous()
    elements = elements.to(device, non_blocking=True)
    labels.view(-1).scatter_(0, elements, values.to(device, torch.float32, non_blocking=True))
    return labels


def wrong_labels(labels: Tensor) -> Tensor:
    """Find the elements that are neither -1 nor from 0 to 1.

    NaN is wrong, and so is 255, which is -1 in an unsigned type.

    Args:
        labels: Numbers of any type and shape.

    Returns:
        Wrong elements, bool, of the same shape.

    Example:
        >>> wrong_labels(torch.tensor([1.0, 0.0, -1.0, 0.3, -0.3, 2.0, float("nan")]))
        tensor([False, False, False, False,  True,  True,  True])
    """
    if not labels.dtype.is_signed:
        labels = labels.float()  # torch compares an unsigned 255 with -1 as equal
    return ~((labels == UNKNOWN) | ((labels >= NEGATIVE) & (labels <= POSITIVE)))


def _check_no_contradiction(
    elements: Tensor, values: Tensor, num_classes: int, name_sample: Callable[[int], str]
) -> None:
    """Raise if an element has two different labels, because a scatter operation may keep either."""
    if (elements[1:] > elements[:-1]).all():
        return  # the usual order of annotations, in which no element occurs twice
    elements, order = elements.sort(stable=True)
    values = values[order]
    clash = (elements[1:] == elements[:-1]) & (values[1:] != values[:-1])
    if clash.any():
        first = int(clash.nonzero()[0])
        row, class_index = divmod(int(elements[first]), num_classes)
        raise ValueError(
            "The 'values' argument of dense_labels must be one label per sample and class. Got "
            f"{values[first].item():g} and {values[first + 1].item():g} at {name_sample(row)}, class "
            f"{class_index} instead."
        )
