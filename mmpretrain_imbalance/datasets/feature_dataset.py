"""Dataset of stored features, on which a linear head is trained in seconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from mmengine.dataset import force_full_init
from mmpretrain.registry import DATASETS
from mmpretrain.structures import DataSample

from .base import LabelStoreDataset
from .feature_store import FeatureStore
from .label_store.store import LabelStore
from .transforms import PackPartialInputs

_PIPELINE = (dict(type="PackPartialInputs", input_key="features"),)


@DATASETS.register_module()
class FeatureDataset(LabelStoreDataset):
    """Features of images, computed once, with their labels.

    A sample has ``features``, of shape (D,) and in the type of the store, where another dataset has an image.
    If the pipeline only packs, which is the default, the data loader gets a batch by one read of the memory
    map, also through :class:`SimulatePartialLabels`, :class:`DatasetSubset` and ``torch.utils.data.Subset``.

    Args:
        ann_file: Folder of a :class:`FeatureStore`, as ``tools/extract_features.py`` writes it; relative to
            ``data_root``.
        label_format: ``'sparse'`` or ``'dense'``, see :class:`LabelStoreDataset`.
        pipeline: Transforms of a sample.
        check_labels: Whether to verify the checksums of the labels at the start.
        **kwargs: Further arguments of :class:`LabelStoreDataset` and of MMPretrain's ``BaseDataset``:
            ``metainfo``, ``classes``, ``data_root``, ``filter_cfg``, ``indices``, ``test_mode``,
            ``lazy_init``.

    Raises:
        FileNotFoundError: If the store or one of its files is missing.
        ValueError: If the store is unfinished, or its files are damaged or belong to different stores.

    Example:
        >>> import tempfile
        >>> from mmpretrain_imbalance.datasets import FeatureStoreWriter, label_store_from_array
        >>> folder = tempfile.TemporaryDirectory()
        >>> labels = label_store_from_array([[1, 0], [-1, 1]], ['a.jpg', 'b.jpg'], ['cat', 'dog'])
        >>> writer = FeatureStoreWriter(f'{folder.name}/train', labels, dict(dtype='float32', batch_size=2))
        >>> writer.append(np.array([[0.5, 1, 2], [3, 4, 5]]))
        >>> writer.finish()
        >>> dataset = FeatureDataset('train', data_root=folder.name)
        >>> dataset[1]['inputs'], dataset[1]['data_samples'].gt_label_indices
        (tensor([3., 4., 5.]), tensor([1]))
        >>> folder.cleanup()
    """

    _features: FeatureStore  # set by full_init

    def __init__(
        self,
        ann_file: str,
        *,
        label_format: str = "sparse",
        pipeline: Sequence[Any] = _PIPELINE,
        check_labels: bool = False,
        **kwargs: Any,
    ) -> None:
        self.check_labels = check_labels
        super().__init__(ann_file, label_format=label_format, pipeline=list(pipeline), **kwargs)

    def load_label_store(self) -> LabelStore:
        """Open the feature store.

        Returns:
            The labels of all its images.
        """
        self._features = FeatureStore.open(self.ann_file, verify=self.check_labels)
        return self._features.labels

    @property
    @force_full_init
    def feature_store(self) -> FeatureStore:
        """The features of all images, including those that ``indices`` and ``filter_cfg`` leave out."""
        return self._features

    def image_info(self, row: int) -> dict[str, Any]:
        """Return the features of a row of the store, as a copy that can be written to."""
        return {"features": self._features.features[row].copy()}

    @force_full_init
    def image_path(self, idx: int) -> str | None:
        """Return the name of the image, as its annotation file has it; images are not needed in training."""
        return self._store.image_name(int(self._rows[idx]))

    @force_full_init
    def read_batch(
        self, indices: Sequence[int], labels: LabelStore, label_rows: Sequence[int], label_format: str
    ) -> list[Any] | None:
        """Return packed samples with the given labels, read at once.

        Args:
            indices: Indices of the samples in this dataset.
            labels: Store of their labels.
            label_rows: Row of each sample in ``labels``.
            label_format: Format of the labels.

        Returns:
            One sample per index, as the pipeline would pack it; None if the pipeline does more than packing.
        """
        if not self._only_packs():
            return None
        rows = [int(self._rows[index]) for index in indices]
        features = torch.from_numpy(self._features.features[rows]).unbind()
        fields = _label_fields(labels, np.asarray(label_rows), label_format)
        metainfo = {"num_classes": labels.num_classes}
        if label_format == "sparse":
            metainfo["default_label"] = labels.default_label
        return [
            {"inputs": inputs, "data_samples": _data_sample({"sample_idx": row, **metainfo}, data)}
            for inputs, row, data in zip(features, rows, fields)
        ]

    def _only_packs(self) -> bool:
        transforms = self.pipeline.transforms
        return (
            len(transforms) == 1
            and type(transforms[0]) is PackPartialInputs
            and transforms[0].input_key == "features"
            and not transforms[0].algorithm_keys
        )


def _label_fields(store: LabelStore, rows: np.ndarray, label_format: str) -> list[dict[str, torch.Tensor]]:
    """Return the labels of each sample of a batch as views of one tensor, like ``PackPartialInputs``."""
    positions, classes, values = map(torch.from_numpy, store.elements(rows))
    if label_format == "dense":
        scores = torch.full((len(rows), store.num_classes), float(store.default_label))
        scores[positions, classes] = values.float()
        return [{"gt_score": row} for row in scores.unbind()]
    counts = torch.bincount(positions, minlength=len(rows)).tolist()
    return [
        {"gt_label_indices": sample_classes, "gt_label_values": sample_values}
        for sample_classes, sample_values in zip(classes.split(counts), values.split(counts))
    ]


def _data_sample(metainfo: dict[str, int], data: dict[str, torch.Tensor]) -> DataSample:
    """Build a sample as its ``set_field`` would, whose checks take longer than reading the features."""
    sample = DataSample.__new__(DataSample)
    vars(sample).update(_metainfo_fields=set(metainfo), _data_fields=set(data), **metainfo, **data)
    return sample
