"""Access to samples, class names and labels of MMPretrain datasets and of wrappers around datasets."""

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
        leaf: The underlying dataset, which has labels and a pipeline and is not a wrapper.
        indices: Indices of the samples in ``leaf``, of shape (M,); repeated if a wrapper repeats samples.
        positions: Positions of these samples in the outermost dataset, of shape (M,).
    """

    leaf: BaseDataset
    indices: np.ndarray
    positions: np.ndarray


def resolve_wrapped_indices(dataset: Any) -> list[WrappedIndices]:
    """Find the samples of the underlying datasets of nested wrappers.

    Wrappers are ConcatDataset, RepeatDataset, ClassBalancedDataset, KFoldDataset and Subset, in any order.

    Args:
        dataset: A dataset of OpenMMLab, or a wrapper of such datasets.

    Returns:
        One item for each occurrence of an underlying dataset. All ``positions`` together are the integers
        from 0 to len(dataset) - 1.

    Raises:
        TypeError: If a nested dataset is of an unsupported type.
        IndexError: If a Subset has an index that is out of range.

    Example:
        >>> from torch.utils.data import Subset
        >>> from mmpretrain_imbalance.datasets import MultiDigits
        >>> (part,) = resolve_wrapped_indices(Subset(MultiDigits(num_images=10), [7, 2, 7]))
        >>> part.indices, part.positions
        (array([7, 2, 7]), array([0, 1, 2]))
    """
    _check_kind(dataset)
    initialize(dataset)
    positions = np.arange(len(dataset), dtype=np.int64)
    return _resolve(dataset, positions, positions)


def underlying_datasets(dataset: Any) -> list[BaseDataset]:
    """Load all nested datasets and return those that are not wrappers, including datasets without samples.

    Args:
        dataset: A dataset or wrapper that ``resolve_wrapped_indices`` supports.

    Returns:
        The underlying datasets, one item per occurrence.
    """
    no_indices = np.empty(0, dtype=np.int64)
    return [part.leaf for part in _resolve(dataset, no_indices, no_indices)]


def initialize(dataset: Any) -> None:
    """Load the annotations of a dataset that was built with ``lazy_init=True``.

    Args:
        dataset: A dataset or wrapper. Wrappers of PyTorch have no lazy loading; their datasets are loaded.
    """
    if hasattr(dataset, "full_init"):
        dataset.full_init()
    elif isinstance(dataset, Subset):
        initialize(dataset.dataset)
    elif isinstance(dataset, ConcatDataset):
        for part in dataset.datasets:
            initialize(part)


def class_names(dataset: Any) -> tuple[str, ...] | None:
    """Find the class names in the metainfo of a dataset or of the datasets that it wraps.

    Args:
        dataset: A dataset of OpenMMLab or PyTorch, or a wrapper of datasets.

    Returns:
        The names, or ``None`` if no dataset names its classes.

    Example:
        >>> from torch.utils.data import Subset
        >>> from mmpretrain_imbalance.datasets import MultiDigits
        >>> class_names(Subset(MultiDigits(num_images=4), [0]))[:3]
        ('0', '1', '2')
    """
    names = _metainfo_value(dataset, "classes")
    return None if names is None else tuple(names)


def class_group_names(dataset: Any) -> tuple[str, ...] | None:
    """Find the groups 'head', 'middle' and 'tail' of the classes in the metainfo of a dataset or wrapper.

    Args:
        dataset: A dataset of OpenMMLab or PyTorch, or a wrapper of datasets.

    Returns:
        The group of each class, or ``None`` if no dataset defines groups. LVIS defines them.

    Example:
        >>> from mmpretrain_imbalance.datasets import MultiDigits
        >>> class_group_names(MultiDigits(num_images=4, metainfo=dict(class_groups=["head"] * 10)))[9]
        'head'
    """
    groups = _metainfo_value(dataset, "class_groups")
    return None if groups is None else tuple(groups)


def check_one_class_list(lists: Iterable[Sequence[str] | None], caller: str) -> None:
    """Raise unless all datasets have the same classes in the same order.

    Args:
        lists: Class names of each dataset; ``None`` is skipped.
        caller: Name of the function or class that uses the datasets, for the error message.

    Raises:
        ValueError: If two of the lists differ.
    """
    named = [tuple(names) for names in lists if names is not None]
    for names in named:
        if len(names) != len(named[0]):
            found = f"datasets with {len(named[0])} and {len(names)} classes"
        elif names != named[0]:
            index = next(c for c, pair in enumerate(zip(named[0], names)) if pair[0] != pair[1])
            found = f"class {index} {named[0][index]!r} in one and {names[index]!r} in another"
        else:
            continue
        raise ValueError(
            f"The datasets of {caller} must have the same class list. Got {found} instead. "
            "MergedPartialLabels merges such datasets by class name."
        )


class MMPretrainLabels(NamedTuple):
    """Labels of M samples; all labels that are not listed are negative.

    Attributes:
        samples: Position of each listed label's sample among the M samples, of shape (E,).
        classes: Class of each listed label, of shape (E,).
        values: 1 (positive) or -1 (unknown), int8 of shape (E,).
        image_paths: Path of each image, or '' if it is unknown, M of them.
    """

    samples: np.ndarray
    classes: np.ndarray
    values: np.ndarray
    image_paths: list[str]


def mmpretrain_labels(dataset: BaseDataset, indices: Iterable[int]) -> MMPretrainLabels:
    """Read ``gt_score`` of each sample, or else ``gt_label`` with all other classes negative.

    No image is loaded. A :class:`DifficultAsUnknown` in the dataset's pipeline is applied, so that the labels
    are the same as in training.

    Args:
        dataset: A multi-label or single-label dataset of MMPretrain.
        indices: Indices of the samples.

    Returns:
        The labels that are not negative.

    Raises:
        TypeError: If a sample has neither ``gt_score`` nor ``gt_label``.
        ValueError: If a score is not 1, 0 or -1, or a class is out of range.
    """
    num_classes = num_classes_of(dataset)
    label_transforms = [step for step in dataset.pipeline.transforms if isinstance(step, DifficultAsUnknown)]
    samples, classes, values, image_paths = [], [], [], []
    for position, index in enumerate(indices):
        info = dataset.get_data_info(int(index))
        for step in label_transforms:
            info = step(info)
        listed, listed_values = _labels_of_sample(dataset, info, int(index), num_classes)
        samples.append(np.full(len(listed), position, dtype=np.int64))
        classes.append(listed)
        values.append(listed_values)
        image_paths.append(str(info.get("img_path", "")))
    if not samples:
        return MMPretrainLabels(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int8), [])
    return MMPretrainLabels(
        np.concatenate(samples), np.concatenate(classes), np.concatenate(values), image_paths
    )


def num_classes_of(dataset: BaseDataset) -> int:
    """Return the number of classes of a dataset.

    Args:
        dataset: A dataset whose ``metainfo`` has ``classes``.

    Returns:
        The number of class names.

    Raises:
        TypeError: If the dataset does not name its classes.
    """
    class_names = dataset.metainfo.get("classes")
    if class_names is None:
        raise TypeError(
            f"The 'metainfo' of {type(dataset).__name__} must have 'classes', so that labels can be counted. "
            "Got no class names instead."
        )
    return len(class_names)


def _resolve(dataset: Any, indices: np.ndarray, positions: np.ndarray) -> list[WrappedIndices]:
    _check_kind(dataset)
    initialize(dataset)
    if isinstance(dataset, BaseDataset):
        return [WrappedIndices(dataset, indices, positions)]
    if isinstance(dataset, Subset):
        return _resolve(dataset.dataset, _nonnegative_indices(dataset)[indices], positions)
    if isinstance(dataset, ClassBalancedDataset):
        return _resolve(
            dataset.dataset, np.asarray(dataset.repeat_indices, dtype=np.int64)[indices], positions
        )
    if isinstance(dataset, RepeatDataset):
        return _resolve(dataset.dataset, indices % len(dataset.dataset), positions)
    if isinstance(dataset, KFoldDataset):  # its `dataset` has only the samples of the fold
        return _resolve(dataset.dataset, indices, positions)
    # A ConcatDataset, the last of _KINDS.
    parts = []
    starts = [0, *dataset.cumulative_sizes[:-1]]
    for part, start, stop in zip(dataset.datasets, starts, dataset.cumulative_sizes):
        selected = (indices >= start) & (indices < stop)
        parts += _resolve(part, indices[selected] - start, positions[selected])
    return parts


def _nonnegative_indices(subset: Subset[Any]) -> np.ndarray:
    """Return the indices of a Subset, with negative indices replaced by nonnegative ones."""
    dataset: Any = subset.dataset
    indices, size = np.asarray(subset.indices, dtype=np.int64), len(dataset)
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
        "ConcatDataset, RepeatDataset, ClassBalancedDataset, KFoldDataset or torch.utils.data.Subset around "
        f"one. Got {type(dataset).__name__} instead. The labels of other datasets can be passed as an "
        "annotation file (see docs/data.md)."
    )


def _metainfo_value(dataset: Any, key: str) -> Any:
    found = (getattr(dataset, "metainfo", None) or {}).get(key)
    if found is not None:
        return found
    wrapped = getattr(dataset, "dataset", None) or next(iter(getattr(dataset, "datasets", ())), None)
    return None if wrapped is None else _metainfo_value(wrapped, key)


def _labels_of_sample(
    dataset: BaseDataset, info: dict[str, Any], index: int, num_classes: int
) -> tuple[np.ndarray, np.ndarray]:
    where = f"at sample {index} of {type(dataset).__name__}"
    if info.get("gt_score") is not None:
        scores = np.asarray(info["gt_score"])
        if scores.shape != (num_classes,):
            raise ValueError(
                f"The 'gt_score' must be of shape ({num_classes},). Got {scores.shape} {where} instead."
            )
        invalid = ~np.isin(scores, (1, 0, -1))
        if invalid.any():
            class_index = int(np.argmax(invalid))
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
