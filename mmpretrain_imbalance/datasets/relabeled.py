"""Base class of datasets that replace the labels of other datasets."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset, force_full_init

from .base import LabelStoreDataset
from .label_store.store import LabelStore
from .simulate_store import sample_ids
from .transforms import check_packing, without_labels
from .wrapped import resolve_wrapped_indices


class RelabeledDataset(LabelStoreDataset):
    """Samples of other datasets with new labels; images and pipelines are those of the other datasets.

    A subclass calls ``adopt`` in ``load_label_store``.

    Args:
        label_format: ``'dense'`` or ``'sparse'``; by default ``'sparse'`` if all adopted datasets are sparse.
        **kwargs: Further arguments of :class:`LabelStoreDataset`.
    """

    dataset_argument = "dataset"  # its name in error messages

    def __init__(self, *, label_format: str | None = None, **kwargs: Any) -> None:
        self._inherits_format = label_format is None
        super().__init__(label_format=label_format or "dense", **kwargs)

    def adopt(self, leaves: Sequence[tuple[BaseDataset, np.ndarray]], row_of_position: np.ndarray) -> None:
        """Set the samples of this dataset.

        Args:
            leaves: Datasets that are not wrappers, with the indices of their samples. All samples in this
                order are the rows of the label store.
            row_of_position: Row of each sample of this dataset.

        Raises:
            ValueError: If there are no samples, or the pipeline of a dataset would drop sparse labels.
        """
        name = type(self).__name__
        if not leaves:
            raise ValueError(
                f"The '{self.dataset_argument}' argument of {name} must have samples. Got none instead."
            )
        self._leaves = [(leaf, _range_if_possible(indices)) for leaf, indices in leaves]
        self._leaf_starts = np.cumsum([0, *(len(indices) for _, indices in leaves)]).tolist()
        self._row_of_position = _range_if_possible(row_of_position)
        datasets = [leaf for leaf, _ in leaves]
        if self._inherits_format:
            sparse = all(getattr(leaf, "label_format", "dense") == "sparse" for leaf in datasets)
            self.label_format = "sparse" if sparse else "dense"
        for leaf in datasets:
            check_packing(leaf.pipeline.transforms, self.label_format, name)
        self.test_mode = all(leaf.test_mode for leaf in datasets)
        self.max_refetch = datasets[0].max_refetch

    def initial_rows(self) -> range | np.ndarray:
        """Return the row of each sample in the store."""
        return self._row_of_position

    @force_full_init
    def sample_info(self, idx: int) -> dict[str, Any]:
        """Return the information that the adopted dataset has about a sample, without its labels."""
        leaf, index = self._origin(int(self._rows[idx]))[1:]
        if getattr(type(leaf), "get_data_info", None) is LabelStoreDataset.get_data_info:
            info: dict[str, Any] = leaf.sample_info(index)  # does not build labels that are then removed
            return info
        return without_labels(leaf.get_data_info(index))

    def run_pipeline(self, idx: int, info: dict[str, Any]) -> Any:
        """Run the pipeline of the adopted dataset of a sample."""
        leaf, index = self._origin(int(self._rows[idx]))[1:]
        # The pipeline of a dataset of this kind is that of the dataset which it adopted itself.
        return leaf.run_pipeline(index, info) if isinstance(leaf, LabelStoreDataset) else leaf.pipeline(info)

    def image_dataset(self, idx: int) -> BaseDataset:
        """Return the dataset whose config says where the image of a sample is."""
        leaf, index = self._origin(int(self._rows[idx]))[1:]
        return leaf.image_dataset(index) if isinstance(leaf, LabelStoreDataset) else leaf

    @force_full_init
    def read_batch(
        self, indices: Sequence[int], labels: LabelStore, label_rows: Sequence[int], label_format: str
    ) -> list[Any] | None:
        """Return samples with the given labels, read at once, if one adopted dataset can do this."""
        leaf, leaf_indices = self._leaves[0]
        is_plain = type(self).sample_info is RelabeledDataset.sample_info and len(self._leaves) == 1
        if not (is_plain and isinstance(leaf, LabelStoreDataset)):
            return None
        origins = [int(leaf_indices[int(self._rows[index])]) for index in indices]
        return leaf.read_batch(origins, labels, label_rows, label_format)

    @force_full_init
    def image_path(self, idx: int) -> str | None:
        """Return the path of one image, or ``None`` if it is in memory."""
        return image_path(*self._origin(int(self._rows[idx]))[1:])

    @force_full_init
    def image_prefixes(self) -> set[str]:
        """Return the folders to which image names are relative, of all adopted datasets."""
        # Image names of a dataset of MMPretrain are complete paths.
        prefixes = [
            leaf.image_prefixes() if isinstance(leaf, LabelStoreDataset) else {""} for leaf, _ in self._leaves
        ]
        return set().union(*prefixes)

    def _origin(self, row: int) -> tuple[int, BaseDataset, int]:
        """Return the number of the adopted dataset of a row, the dataset, and the index in the dataset."""
        number = bisect_right(self._leaf_starts, row) - 1
        leaf, indices = self._leaves[number]
        return number, leaf, int(indices[row - self._leaf_starts[number]])


def different_samples(dataset: Any) -> tuple[list[tuple[BaseDataset, np.ndarray]], np.ndarray]:
    """Find the different samples of a dataset whose wrappers may repeat samples.

    Args:
        dataset: A dataset, or a wrapper of datasets.

    Returns:
        The underlying datasets with the indices of their samples, in the order of ``sample_idx``, and for
        each sample of ``dataset`` its number among all these samples.
    """
    parts = [part for part in resolve_wrapped_indices(dataset) if len(part.indices)]
    number_of_position = np.empty(sum(len(part.indices) for part in parts), dtype=np.int64)
    leaves, start = [], 0
    for leaf in {id(part.leaf): part.leaf for part in parts}.values():
        parts_of_leaf = [part for part in parts if part.leaf is leaf]
        indices = np.concatenate([part.indices for part in parts_of_leaf])
        ids = sample_ids(leaf, indices)
        inverse = np.arange(len(ids))
        if not (np.diff(ids) > 0).all():
            _, chosen, inverse = np.unique(ids, return_index=True, return_inverse=True)
            indices = indices[chosen]
        positions = np.concatenate([part.positions for part in parts_of_leaf])
        number_of_position[positions] = inverse.reshape(-1) + start
        leaves.append((leaf, indices))
        start += len(indices)
    return leaves, number_of_position


def image_path(dataset: BaseDataset, index: int) -> str | None:
    """Find the path of the image of one sample.

    Args:
        dataset: A dataset that is not a wrapper.
        index: Index of the sample.

    Returns:
        The path, or ``None`` if the image is in memory.
    """
    is_own = isinstance(dataset, LabelStoreDataset)
    path: str | None = dataset.image_path(index) if is_own else dataset.get_data_info(index).get("img_path")
    return path


def _range_if_possible(numbers: np.ndarray) -> range | np.ndarray:
    """Replace an array of consecutive integers by a range, which takes less memory."""
    rises = len(numbers) > 0 and (np.diff(numbers) == 1).all()
    return range(int(numbers[0]), int(numbers[-1]) + 1) if rises else numbers
