"""Pipeline transforms for partial labels, and helpers for pipelines and label keys of samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmpretrain.datasets import PackInputs
from mmpretrain.registry import TRANSFORMS

LABEL_KEYS = (
    "gt_label",
    "gt_score",
    "gt_label_difficult",
    "gt_label_indices",
    "gt_label_values",
    "num_classes",
    "default_label",
)


@TRANSFORMS.register_module()
class PackPartialInputs(PackInputs):
    """Extension of MMPretrain's ``PackInputs`` that also packs sparse labels.

    The listed classes and their labels become the fields ``gt_label_indices`` (int64) and ``gt_label_values``
    (int8) of the data sample. The number of classes and the label of all other classes become its meta
    information ``num_classes`` and ``default_label``. :class:`PartialLabelDataPreprocessor` converts the
    labels to a dense tensor on the device. Dense labels (``gt_score``, ``gt_label``) are packed as in
    ``PackInputs``.

    Args:
        input_key: Key of the image.
        algorithm_keys: Keys of further fields of the data sample.
        meta_keys: Keys of the meta information of the data sample.

    Example:
        >>> sample = dict(img=np.zeros((8, 8, 1), np.uint8), gt_label_indices=np.array([2, 5]),
        ...               gt_label_values=np.array([1, 0], np.int8), num_classes=9, default_label=-1)
        >>> packed = PackPartialInputs()(sample)['data_samples']
        >>> packed.gt_label_indices, packed.num_classes, packed.default_label
        (tensor([2, 5]), 9, -1)
    """

    def __init__(
        self,
        input_key: str = "img",
        algorithm_keys: Sequence[str] = (),
        meta_keys: Sequence[str] = PackInputs.DEFAULT_META_KEYS,
    ) -> None:
        super().__init__(
            input_key, algorithm_keys, tuple(dict.fromkeys((*meta_keys, "num_classes", "default_label")))
        )

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Pack one sample.

        Args:
            results: The result dictionary of the pipeline.

        Returns:
            A dictionary with ``inputs``, the image as a tensor, and ``data_samples``, its labels and meta
            information.
        """
        packed: dict[str, Any] = super().transform(results)
        if "gt_label_indices" in results:
            # Copied because views of a memory-mapped store are read-only, which tensors do not support.
            indices = np.array(results["gt_label_indices"], dtype=np.int64)
            values = np.array(results["gt_label_values"], dtype=np.int8)
            packed["data_samples"].set_field(
                torch.from_numpy(indices), "gt_label_indices", dtype=torch.Tensor
            )
            packed["data_samples"].set_field(torch.from_numpy(values), "gt_label_values", dtype=torch.Tensor)
        return packed


@TRANSFORMS.register_module()
class DifficultAsUnknown(BaseTransform):
    """Create ``gt_score`` from ``gt_label``, with -1 for classes with only difficult objects in the image.

    MMPretrain trains difficult objects as negatives and leaves them out of its metrics. A class is positive
    if it is in ``gt_label``, even if it also has difficult objects. Samples without ``gt_label`` do not
    change.

    **Required Keys:** ``gt_label``, ``<field>``. **Added Keys:** ``gt_score``, float32 of shape (C,).

    Args:
        num_classes: Number of classes C.
        field: Key that holds the classes of difficult objects.

    Raises:
        ValueError: If ``num_classes`` is not positive, or a class index of a sample is out of range.

    Example:
        >>> transform = DifficultAsUnknown(num_classes=4)
        >>> transform(dict(gt_label=[0], gt_label_difficult=[0, 2]))['gt_score']
        array([ 1.,  0., -1.,  0.], dtype=float32)
    """

    def __init__(self, num_classes: int, field: str = "gt_label_difficult") -> None:
        if isinstance(num_classes, bool) or not isinstance(num_classes, int) or num_classes < 1:
            raise ValueError(
                "The 'num_classes' argument of DifficultAsUnknown must be a positive integer. "
                f"Got {num_classes!r} instead."
            )
        self.num_classes = num_classes
        self.field = field

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Add ``gt_score`` to a sample.

        Args:
            results: The result dictionary of the pipeline.

        Returns:
            The same dictionary.
        """
        if results.get("gt_label") is None:
            return results
        score = np.zeros(self.num_classes, dtype=np.float32)
        # Positives are written last, because a class with an easy object is positive.
        for key, value in ((self.field, -1), ("gt_label", 1)):
            classes = np.asarray([] if results.get(key) is None else results[key], dtype=np.int64)
            if classes.size and not (0 <= classes.min() and classes.max() < self.num_classes):
                raise ValueError(
                    f"The '{key}' of a sample must be class indices from 0 to {self.num_classes - 1} for "
                    f"DifficultAsUnknown. Got {classes.tolist()} at {results.get('img_path', 'a sample')} "
                    "instead."
                )
            score[classes] = value
        results["gt_score"] = score
        return results

    def __repr__(self) -> str:
        return f"{type(self).__name__}(num_classes={self.num_classes}, field={self.field!r})"


def check_packing(transforms: Sequence[Any], label_format: str, caller: str) -> None:
    """Raise if the pipeline would silently drop sparse labels.

    Args:
        transforms: The transforms of the pipeline.
        label_format: ``'dense'`` or ``'sparse'``.
        caller: Name of the dataset, for the error message.

    Raises:
        ValueError: If labels are sparse and MMPretrain's ``PackInputs`` packs them.
    """
    dropping = [
        step
        for step in transforms
        if isinstance(step, PackInputs) and not isinstance(step, PackPartialInputs)
    ]
    if label_format == "sparse" and dropping:
        raise ValueError(
            f"The 'pipeline' argument of {caller} must end with PackPartialInputs for label_format='sparse'. "
            f"Got {type(dropping[0]).__name__} instead, which would drop all labels. Use PackPartialInputs, "
            "or label_format='dense'."
        )


def without_labels(info: dict[str, Any]) -> dict[str, Any]:
    """Return the information about a sample without its labels.

    Args:
        info: The output of ``get_data_info``.

    Returns:
        A new dictionary with the other keys.

    Example:
        >>> without_labels({'img_path': 'a.jpg', 'gt_label': [2]})
        {'img_path': 'a.jpg'}
    """
    return {key: value for key, value in info.items() if key not in LABEL_KEYS}
