"""Pipeline transforms of partial labels, and the keys under which a sample carries its labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmpretrain.datasets import PackInputs
from mmpretrain.registry import TRANSFORMS


@TRANSFORMS.register_module()
class PackPartialInputs(PackInputs):
    """MMPretrain's ``PackInputs`` that also carries the sparse labels of our datasets.

    The listed classes and their labels become the fields ``gt_label_indices`` (int64) and ``gt_label_values``
    (int8) of the data sample, the number of classes and the label of all other classes its meta information
    ``num_classes`` and ``default_label``. ``PartialLabelDataPreprocessor`` makes them dense on the device.
    Dense labels (``gt_score``, ``gt_label``) are packed as ``PackInputs`` does.

    Args:
        input_key: Key of the image.
        algorithm_keys: Keys of further fields of the data sample.
        meta_keys: Keys of its meta information.

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

    def transform(self, results: dict) -> dict:
        """Pack one sample.

        Args:
            results: The sample as the pipeline carries it.

        Returns:
            ``inputs``, the image as a tensor, and ``data_samples``, its labels and meta information.
        """
        packed = super().transform(results)
        if "gt_label_indices" in results:
            # Copies: views of a memory-mapped store are read-only, which tensors cannot be.
            indices = np.array(results["gt_label_indices"], dtype=np.int64)
            values = np.array(results["gt_label_values"], dtype=np.int8)
            packed["data_samples"].set_field(
                torch.from_numpy(indices), "gt_label_indices", dtype=torch.Tensor
            )
            packed["data_samples"].set_field(torch.from_numpy(values), "gt_label_values", dtype=torch.Tensor)
        return packed


def check_packing(transforms: Sequence[Any], label_format: str, caller: str) -> None:
    """Refuse a pipeline in which sparse labels would be lost without a word.

    Args:
        transforms: The steps of the pipeline.
        label_format: ``'dense'`` or ``'sparse'``.
        caller: Name of the dataset, for the message.

    Raises:
        ValueError: If labels are sparse and the host's ``PackInputs`` packs them.
    """
    loses = [
        step
        for step in transforms
        if isinstance(step, PackInputs) and not isinstance(step, PackPartialInputs)
    ]
    if label_format == "sparse" and loses:
        raise ValueError(
            f"The 'pipeline' argument of {caller} must end with PackPartialInputs for "
            "label_format='sparse'. Got "
            f"{type(loses[0]).__name__} instead, which would drop every label. Use PackPartialInputs, or "
            "label_format='dense'."
        )


@TRANSFORMS.register_module()
class DifficultAsUnknown(BaseTransform):
    """Make ``gt_score`` from ``gt_label``, with -1 at classes of which an image shows only difficult objects.

    MMPretrain trains difficult objects as negatives and leaves them out of its metrics. A class that is both
    in ``gt_label`` and among the difficult ones is positive. A sample without ``gt_label`` is left as it is.

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
                "The 'num_classes' argument of DifficultAsUnknown must be a positive whole number. "
                f"Got {num_classes!r} instead."
            )
        self.num_classes = num_classes
        self.field = field

    def transform(self, results: dict) -> dict:
        """Add ``gt_score`` to a sample.

        Args:
            results: The sample as the pipeline carries it.

        Returns:
            The same dictionary.
        """
        if results.get("gt_label") is None:
            return results
        score = np.zeros(self.num_classes, dtype=np.float32)
        # Positives last: a class with an easy object is positive, whatever else is difficult.
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


LABEL_KEYS = (
    "gt_label",
    "gt_score",
    "gt_label_difficult",
    "gt_label_indices",
    "gt_label_values",
    "num_classes",
    "default_label",
)


def without_labels(info: dict[str, Any]) -> dict[str, Any]:
    """What a dataset says about a sample, without its labels, for a wrapper that gives it others.

    Args:
        info: What ``get_data_info`` returns.

    Returns:
        A new dictionary with the other keys.

    Example:
        >>> without_labels({'img_path': 'a.jpg', 'gt_label': [2]})
        {'img_path': 'a.jpg'}
    """
    return {key: value for key, value in info.items() if key not in LABEL_KEYS}
