"""Samples, class names and labels of datasets of MMPretrain and of wrappers around datasets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from mmengine.dataset import BaseDataset, ClassBalancedDataset, RepeatDataset
from mmpretrain.datasets import KFoldDataset
from torch.utils.data import ConcatDataset, Subset

from .transforms import DifficultAsUnknown

_KINDS = (BaseDataset, Subset, ClassBalancedDataset, RepeatDataset, KFoldDataset, ConcatDataset)


class WrappedIndices(NamedTuple):
    """Samples of one underlying dataset.

    Attributes:
        leaf: The dataset that holds labels and pipeline itself.
        indices: Indices into ``leaf``, of shape (M,); an index that a wrapper repeats occurs as often.
        positions: Where these samples stand in the outermost dataset, of shape (M,).
    """

    leaf: BaseDataset
    indices: np.ndarray
    positions: np.ndarray


def resolve_wrapped_indices(dataset: Any) -> list[WrappedIndices]:
    """Follow ConcatDataset, RepeatDataset, ClassBalancedDataset, KFoldDataset and Subset, in any order.

    Args:
        dataset: A dataset of OpenMMLab, or a wrapper of such datasets.

    Returns:
        One item for each way into an underlying dataset. All ``positions`` together are 0 .. len(dataset) -
        1.

    Raises:
        TypeError: If a dataset in the nest is of a kind whose labels cannot be read.
        IndexError: If a Subset asks for samples that its dataset does not have.

    Example:
        >>> from torch.utils.data import Subset
        >>> from mmpretrain_imbalance.datasets import MultiDigits
        >>> (part,) = resolve_wrapped_indices(Subset(MultiDigits(num_images=10), [7, 2, 7]))
        >>> part.indices, part.positions
        (array([7, 2, 7]), array([0, 1, 2]))
    """
    _check_kind(dataset)
    initialize(dataset)
    everything = np.arange(len(dataset), dtype=np.int64)
    return _follow(dataset, everything, everything)


def underlying_datasets(dataset: Any) -> list[BaseDataset]:
    """Load all datasets in a nest and find those that are no wrappers, also where no sample is taken of one.

    Args:
        dataset: Whatever :func:`resolve_wrapped_indices` takes.

    Returns:
        The datasets, one for each way into it.
    """
    nothing = np.empty(0, dtype=np.int64)
    return [part.leaf for part in _follow(dataset, nothing, nothing)]


def initialize(dataset: Any) -> None:
    """Load the annotations of a dataset that was built with ``lazy_init=True``.

    Args:
        dataset: Any dataset; a wrapper of PyTorch, which knows no lazy loading, hands it on.
    """
    if hasattr(dataset, "full_init"):
        dataset.full_init()
    elif isinstance(dataset, Subset):
        initialize(dataset.dataset)
    elif isinstance(dataset, ConcatDataset):
        for part in dataset.datasets:
            initialize(part)


def _follow(dataset: Any, indices: np.ndarray, positions: np.ndarray) -> list[WrappedIndices]:
    _check_kind(dataset)
    initialize(dataset)
    if isinstance(dataset, BaseDataset):
        return [WrappedIndices(dataset, indices, positions)]
    if isinstance(dataset, Subset):
        return _follow(dataset.dataset, _counted_from_the_start(dataset)[indices], positions)
    if isinstance(dataset, ClassBalancedDataset):
        return _follow(
            dataset.dataset, np.asarray(dataset.repeat_indices, dtype=np.int64)[indices], positions
        )
    if isinstance(dataset, RepeatDataset):
        return _follow(dataset.dataset, indices % len(dataset.dataset), positions)
    if isinstance(dataset, KFoldDataset):  # has replaced its dataset by the samples of the fold
        return _follow(dataset.dataset, indices, positions)
    parts = []  # of a ConcatDataset
    starts = [0, *dataset.cumulative_sizes[:-1]]
    for part, start, stop in zip(dataset.datasets, starts, dataset.cumulative_sizes):
        inside = (indices >= start) & (indices < stop)
        parts += _follow(part, indices[inside] - start, positions[inside])
    return parts


def _counted_from_the_start(subset: Subset) -> np.ndarray:
    """Indices of a Subset, which may count from the end as those of a list."""
    indices, size = np.asarray(subset.indices, dtype=np.int64), len(subset.dataset)
    outside = indices[(indices < -size) | (indices >= size)]
    if outside.size:
        raise IndexError(
            f"The 'indices' argument of Subset must be below the number of samples, {size}. Got {outside[0]} "
            "instead."
        )
    return np.where(indices < 0, indices + size, indices)


def _check_kind(dataset: Any) -> None:
    if isinstance(dataset, _KINDS):
        return
    raise TypeError(
        "The 'dataset' argument of label_counts and SimulatePartialLabels must be a dataset of OpenMMLab, or "
        "ConcatDataset, RepeatDataset, ClassBalancedDataset, KFoldDataset or torch.utils.data.Subset "
        "around one. "
        f"Got {type(dataset).__name__} instead. A dataset of another kind can give its labels through an "
        "annotation file (see docs/data.md)."
    )


def class_names(dataset: Any) -> tuple[str, ...] | None:
    """Find the class names in the metainfo of a dataset or of what it wraps.

    Args:
        dataset: A dataset of OpenMMLab or PyTorch, or a wrapper of datasets.

    Returns:
        The names, or ``None`` where no dataset names its classes.

    Example:
        >>> from torch.utils.data import Subset
        >>> from mmpretrain_imbalance.datasets import MultiDigits
        >>> class_names(Subset(MultiDigits(num_images=4), [0]))[:3]
        ('0', '1', '2')
    """
    names = _of_metainfo(dataset, "classes")
    return None if names is None else tuple(names)


def class_group_names(dataset: Any) -> tuple[str, ...] | None:
    """Find 'head', 'middle' or 'tail' of each class in the metainfo of a dataset or of what it wraps.

    Args:
        dataset: A dataset of OpenMMLab or PyTorch, or a wrapper of datasets.

    Returns:
        The groups, or ``None`` where no dataset names them; LVIS does.

    Example:
        >>> from mmpretrain_imbalance.datasets import MultiDigits
        >>> class_group_names(MultiDigits(num_images=4, metainfo=dict(class_groups=["head"] * 10)))[9]
        'head'
    """
    groups = _of_metainfo(dataset, "class_groups")
    return None if groups is None else tuple(groups)


def check_one_class_list(lists: Iterable[Sequence[str] | None], caller: str) -> None:
    """Refuse to put datasets together whose classes differ, or come in another order.

    Args:
        lists: Class names of each dataset; ``None``, where it names none, is skipped.
        caller: What takes the datasets, for the message.

    Raises:
        ValueError: If two of the lists differ.
    """
    named = [tuple(names) for names in lists if names is not None]
    for names in named:
        if len(names) != len(named[0]):
            found = f"parts with {len(named[0])} and {len(names)} classes"
        elif names != named[0]:
            index = next(c for c, pair in enumerate(zip(named[0], names)) if pair[0] != pair[1])
            found = f"class {index} {named[0][index]!r} in one and {names[index]!r} in another"
        else:
            continue
        raise ValueError(
            f"The datasets of {caller} must be of one class list. Got {found} instead. "
            "MergedPartialLabels puts them under one class list by name."
        )


def _of_metainfo(dataset: Any, key: str) -> Any:
    found = (getattr(dataset, "metainfo", None) or {}).get(key)
    if found is not None:
        return found
    inside = getattr(dataset, "dataset", None) or next(iter(getattr(dataset, "datasets", ())), None)
    return None if inside is None else _of_metainfo(inside, key)


class MMPretrainLabels(NamedTuple):
    """Labels of M samples; what is not listed here is negative.

    Attributes:
        samples: Place of each listed label among the samples asked for, of shape (E,).
        classes: Class of each listed label, of shape (E,).
        values: 1 positive or -1 unknown, int8 of shape (E,).
        image_paths: Path of each image, or '' where it has none, M of them.
    """

    samples: np.ndarray
    classes: np.ndarray
    values: np.ndarray
    image_paths: list[str]


def mmpretrain_labels(dataset: BaseDataset, indices: Iterable[int]) -> MMPretrainLabels:
    """Read ``gt_score`` where a sample has it, else ``gt_label`` with every other class negative.

    No image is loaded. A :class:`DifficultAsUnknown` in the dataset's pipeline takes part, so that the labels
    are those that training sees.

    Args:
        dataset: A multi-label or single-label dataset of MMPretrain.
        indices: The samples to read.

    Returns:
        The labels that are not negative.

    Raises:
        TypeError: If a sample has neither ``gt_score`` nor ``gt_label``.
        ValueError: If a score is none of 1, 0 and -1, or a class is out of range.
    """
    num_classes = num_classes_of(dataset)
    label_transforms = [step for step in dataset.pipeline.transforms if isinstance(step, DifficultAsUnknown)]
    samples, classes, values, image_paths = [], [], [], []
    for place, index in enumerate(indices):
        info = dataset.get_data_info(int(index))
        for step in label_transforms:
            info = step(info)
        listed, listed_values = _labels_of_sample(dataset, info, int(index), num_classes)
        samples.append(np.full(len(listed), place, dtype=np.int64))
        classes.append(listed)
        values.append(listed_values)
        image_paths.append(str(info.get("img_path", "")))
    if not samples:
        return MMPretrainLabels(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int8), [])
    return MMPretrainLabels(
        np.concatenate(samples), np.concatenate(classes), np.concatenate(values), image_paths
    )


def num_classes_of(dataset: BaseDataset) -> int:
    """Count the classes that a dataset names.

    Args:
        dataset: A dataset whose ``metainfo`` has ``classes``.

    Returns:
        The number of class names.

    Raises:
        TypeError: If the dataset names no classes.
    """
    class_names = dataset.metainfo.get("classes")
    if class_names is None:
        raise TypeError(
            f"The 'metainfo' of {type(dataset).__name__} must be given with 'classes', so that labels can "
            "be counted. "
            "Got no class names instead."
        )
    return len(class_names)


def _labels_of_sample(
    dataset: BaseDataset, info: dict, index: int, num_classes: int
) -> tuple[np.ndarray, np.ndarray]:
    where = f"at sample {index} of {type(dataset).__name__}"
    if info.get("gt_score") is not None:
        scores = np.asarray(info["gt_score"])
        if scores.shape != (num_classes,):
            raise ValueError(
                f"The 'gt_score' must be of shape ({num_classes},). Got {scores.shape} {where} instead."
            )
        wrong = ~np.isin(scores, (1, 0, -1))
        if wrong.any():
            class_index = int(np.argmax(wrong))
            raise ValueError(
                "The 'gt_score' must be 1 (positive), 0 (negative) or -1 (unknown) in every element. "
                f"Got {scores[class_index]} {where}, class {class_index}, instead."
            )
        listed = np.flatnonzero(scores)
        return listed, scores[listed].astype(np.int8)
    if info.get("gt_label") is None:
        raise TypeError(f"The labels must be in 'gt_score' or 'gt_label'. Got neither {where} instead.")
    listed = np.unique(np.asarray(info["gt_label"], dtype=np.int64))
    if listed.size and not (0 <= listed[0] and listed[-1] < num_classes):
        raise ValueError(
            f"The 'gt_label' must be class indices from 0 to {num_classes - 1}. Got {listed.tolist()} "
            f"{where} instead."
        )
    return listed, np.ones(len(listed), dtype=np.int8)
