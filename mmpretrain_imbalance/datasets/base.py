"""Base class of the datasets: MMPretrain's dataset interface on top of a label store."""

from __future__ import annotations

import copy
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.dataset import force_full_init
from mmpretrain.datasets import BaseDataset

from ..utils.argument_checks import check_choice
from ..utils.class_names import check_class_names
from ..utils.found_values import shown
from ..utils.local_files import check_regular_file, leaves_folder
from .annotations.writer import write_annotations
from .image_problems import find_image_problem, names_backend
from .label_store.build import filter_rows, select_classes
from .label_store.counts import LabelCounts
from .label_store.store import LabelStore
from .transforms import check_packing


class LabelStoreDataset(BaseDataset):
    """Multi-label dataset with labels 1 (positive), 0 (negative) or -1 (unknown) in a :class:`LabelStore`.

    A subclass implements :meth:`LabelStoreDataset.load_label_store`. The store replaces MMEngine's list of
    dictionaries: ``serialize_data`` is accepted and has no effect.

    Args:
        ann_file: Annotation file.
        label_format: ``'dense'``: a sample has ``gt_score``, float32 of shape (C,). ``'sparse'``: it has
            ``gt_label_indices`` and ``gt_label_values`` (the listed classes and their labels),
            ``num_classes``, and ``default_label`` (the label of all other classes). The pipeline must then
            end with :class:`PackPartialInputs`.
        outside_images: Whether image names may lead out of the folder of ``data_prefix``: absolute paths to
            other places, paths with ``..``, and addresses. Allow this only for files that you trust.
        filter_cfg: ``dict(min_positives=n)`` drops images with fewer than n known positives,
            ``dict(min_known=n)`` images with fewer than n known labels.
        **kwargs: Further arguments of MMPretrain's ``BaseDataset``.

    Raises:
        ValueError: If an argument is invalid, or ``'sparse'`` labels would be lost in MMPretrain's
            ``PackInputs``.
    """

    _store: LabelStore  # set by full_init
    _fully_initialized: bool

    def __init__(
        self,
        ann_file: str = "",
        *,
        label_format: str = "dense",
        outside_images: bool = False,
        filter_cfg: dict[str, int] | None = None,
        **kwargs: Any,
    ) -> None:
        check_choice(type(self).__name__, ("dense", "sparse"), label_format=label_format)
        unknown_keys = set(filter_cfg or {}) - {"min_positives", "min_known"}
        if unknown_keys:
            raise ValueError(
                f"The 'filter_cfg' argument of {type(self).__name__} must have only the keys 'min_positives' "
                f"and 'min_known'. Got {sorted(unknown_keys)} instead."
            )
        self.label_format = label_format
        self.outside_images = outside_images
        self._rows: range | np.ndarray = range(0)
        super().__init__(ann_file, filter_cfg=filter_cfg, **kwargs)
        check_packing(self.pipeline.transforms, label_format, type(self).__name__)

    def load_label_store(self) -> LabelStore:
        """Read the labels of all samples.

        Returns:
            The store; row n belongs to the sample with ``sample_idx`` n.
        """
        raise NotImplementedError(f"{type(self).__name__} must implement load_label_store")

    def initial_rows(self) -> range | np.ndarray:
        """Return the row of each sample in the store, before ``filter_cfg`` and ``indices`` are applied."""
        return range(len(self._store))

    def full_init(self) -> None:
        """Load the labels, and apply ``classes``, ``filter_cfg`` and ``indices``, in this order."""
        if self._fully_initialized:
            return
        classes = self._metainfo.get("classes")
        if classes is not None:
            check_class_names(classes, f"The 'classes' argument of {type(self).__name__}")
        store = self.load_label_store()
        source = self.ann_file or "the annotations"
        self._store = select_classes(store, store.class_names if classes is None else classes, source)
        self._metainfo["classes"] = self._store.class_names
        if "frequency" in self._store.class_metadata:
            self._metainfo["class_groups"] = _class_groups(self._store.class_metadata["frequency"], source)
        self._rows = self.initial_rows()
        if self.filter_cfg:
            self._rows = filter_rows(self._store, np.asarray(self._rows), **self.filter_cfg)
        if self._indices is not None:
            self._rows = self._subset_rows(self._indices)
        self._fully_initialized = True

    @property
    @force_full_init
    def label_store(self) -> LabelStore:
        """The labels of all samples, including those that ``indices`` and ``filter_cfg`` leave out."""
        return self._store

    @property
    @force_full_init
    def rows(self) -> np.ndarray:
        """Row of each sample in ``label_store``, int64 of shape (len(self),)."""
        return np.asarray(self._rows, dtype=np.int64)

    @property
    def has_negatives(self) -> bool:
        """Whether the dataset has known negatives."""
        return bool(self.label_counts().negatives.any())

    @force_full_init
    def label_counts(self, indices: np.ndarray | None = None) -> LabelCounts:
        """Count positive, negative and unknown labels per class.

        Args:
            indices: Samples to count; repeated indices count repeatedly. ``None`` counts all samples.

        Returns:
            The counts.
        """
        if indices is None:
            is_whole = isinstance(self._rows, range) and len(self._rows) == len(self._store)
            return self._store.label_counts(None if is_whole else self.rows)
        return self._store.label_counts(self.rows[np.asarray(indices, dtype=np.int64)])

    @force_full_init
    def __len__(self) -> int:
        return len(self._rows)

    @force_full_init
    def get_data_info(self, idx: int) -> dict[str, Any]:
        """Return all information about one sample; images on disk are not loaded.

        Args:
            idx: Index of the sample.

        Returns:
            The image (``img_path``, or ``img`` if the images are in memory), ``sample_idx`` (the index in the
            full dataset), and the labels in the ``label_format``.
        """
        return {**self.sample_info(idx), **self.label_info(int(self._rows[idx]))}

    @force_full_init
    def sample_info(self, idx: int) -> dict[str, Any]:
        """Return all information about one sample except its labels; images on disk are not loaded."""
        row = int(self._rows[idx])
        return {**self.image_info(row), "sample_idx": row}

    def image_info(self, row: int) -> dict[str, Any]:
        """Return the image of a row of the store, in the form that the pipeline expects.

        Raises:
            ValueError: If the name of the image leads out of the image folder, and ``outside_images`` is not
                set.
        """
        name, folder = self._store.image_name(row), self.img_prefix
        if not self.outside_images and leaves_folder(name, folder):
            place = repr(folder) if folder else "the current folder"
            remedy = "outside_images=True if you trust the file"
            if "://" in name:
                remedy += " and the config names a storage backend, such as backend_args=dict(backend='http')"
            raise ValueError(
                f"The image name of sample {row} of {self.ann_file or type(self).__name__} must be a path "
                f"below {place}. Got {shown(name)} instead. Set 'data_prefix' to a folder that contains all "
                f"images, or {remedy}."
            )
        return {"img_path": name if "://" in name else os.path.join(folder, name)}

    @force_full_init
    def image_path(self, idx: int) -> str | None:
        """Return the path of one image, or ``None`` if it is in memory."""
        return self.image_info(int(self._rows[idx])).get("img_path")

    def label_info(self, row: int) -> dict[str, Any]:
        """Return the labels of a row of the store, in the form that the pipeline expects."""
        if self.label_format == "dense":
            return {"gt_score": self._store.dense(row)}
        classes, values = self._store.row(row)
        return {
            "gt_label_indices": classes.astype(np.int64),
            "gt_label_values": values.copy(),
            "num_classes": self._store.num_classes,
            "default_label": self._store.default_label,
        }

    @force_full_init
    def __getitems__(self, indices: Sequence[int]) -> list[Any]:
        """Return the samples of a batch; PyTorch's data loader calls this method."""
        rows = [int(self._rows[index]) for index in indices]
        samples = self.read_batch(indices, self._store, rows, self.label_format)
        return [self[index] for index in indices] if samples is None else samples

    def read_batch(
        self, indices: Sequence[int], labels: LabelStore, label_rows: Sequence[int], label_format: str
    ) -> list[Any] | None:
        """Return samples with the given labels, read at once; None if the dataset cannot do this.

        Args:
            indices: Indices of the samples in this dataset.
            labels: Store of their labels.
            label_rows: Row of each sample in ``labels``.
            label_format: Format of the labels.
        """
        return None

    def prepare_data(self, idx: int) -> Any:
        """Run the pipeline on one sample; errors of missing or broken images name the sample.

        Args:
            idx: Index of the sample.

        Returns:
            The output of the pipeline.

        Raises:
            FileNotFoundError: If the image is missing.
            ValueError: If the image cannot be decoded.
        """
        info = self.get_data_info(idx)
        path, row = info.get("img_path"), info["sample_idx"]
        uses_backend = bool(path) and names_backend(self.image_dataset(idx))
        try:
            if path and not uses_backend:
                check_regular_file(path)
            return self.run_pipeline(idx, info)
        except Exception as error:
            problem = find_image_problem(path, error, uses_backend) if path else None
            if problem is None:
                raise
            kind = FileNotFoundError if problem == "no such file" else ValueError
            raise kind(
                f"The image of sample {row} of {self.ann_file or type(self).__name__} must be readable. "
                f"Got {problem} at {path} instead. (Is 'data_root' or 'data_prefix' right?)"
            ) from error

    def image_dataset(self, idx: int) -> BaseDataset:
        """Return the dataset whose config says where the image of a sample is: this one, or one in it."""
        return self

    def run_pipeline(self, idx: int, info: dict[str, Any]) -> Any:
        """Run the pipeline on the output of :meth:`LabelStoreDataset.get_data_info`."""
        return self.pipeline(info)

    @force_full_init
    def get_cat_ids(self, idx: int) -> list[int]:
        """Return the known positive classes of one sample, for ``ClassBalancedDataset``."""
        classes, values = self._store.row(int(self._rows[idx]))
        positives: list[int] = classes[values == 1].tolist()
        return positives

    @force_full_init
    def get_gt_labels(self) -> np.ndarray:
        """Return the labels of all samples, int8 of shape (len(self), C)."""
        return self._store.dense_rows(self.rows)

    @force_full_init
    def get_subset_(self, indices: int | Sequence[int]) -> None:
        """Keep only the given samples; their ``sample_idx`` does not change.

        Args:
            indices: The samples in their new order, or an integer n: the first n samples, or the last -n
                samples if n is negative.
        """
        self._rows = self._subset_rows(indices)

    @force_full_init
    def get_subset(self, indices: int | Sequence[int]) -> LabelStoreDataset:
        """Return a dataset of the given samples that shares the label store; see ``get_subset_``."""
        subset = copy.copy(self)
        subset.pipeline, subset._metainfo = copy.deepcopy((self.pipeline, self._metainfo))
        subset._rows = self._subset_rows(indices)
        return subset

    @force_full_init
    def save_annotations(self, path: str | os.PathLike[str]) -> None:
        """Write the labels as an annotation file for :class:`PartialLabelDataset`.

        Repeated samples are written once.

        Args:
            path: A file that ends with ``.json`` or ``.csv``.

        Raises:
            ValueError: If the path has another ending, or the datasets of the samples have different
                ``data_prefix``, because all image names of a file are relative to one folder.
        """
        prefixes = sorted(self.image_prefixes())
        if len(prefixes) > 1:
            raise ValueError(
                f"The datasets of {type(self).__name__} must have the same 'data_prefix' to be written to "
                f"one annotation file. Got {', '.join(map(repr, prefixes))} instead. Write one file per "
                "dataset."
            )
        first = np.unique(self.rows, return_index=True)[1]
        write_annotations(self._store, self.rows[np.sort(first)], path)

    def image_prefixes(self) -> set[str]:
        """Return the folders to which image names are relative."""
        return {self.img_prefix}

    def _subset_rows(self, indices: int | Sequence[int]) -> range | np.ndarray:
        if isinstance(indices, (int, np.integer)):
            return self._rows[:indices] if indices >= 0 else self._rows[indices:]
        chosen = np.asarray(indices, dtype=np.int64)
        if chosen.size and not (-len(self._rows) <= chosen.min() and chosen.max() < len(self._rows)):
            raise IndexError(
                f"The 'indices' argument of {type(self).__name__} must be below the number of samples, "
                f"{len(self._rows)}. Got indices from {chosen.min()} to {chosen.max()} instead."
            )
        return np.asarray(self._rows, dtype=np.int64)[chosen]


def _class_groups(frequencies: Sequence[Any], source: str) -> list[str]:
    """Return the groups of LVIS, whose classes are rare, common or frequent."""
    groups = dict(r="tail", c="middle", f="head")
    wrong = [frequency for frequency in frequencies if frequency not in tuple(groups)]
    if wrong:
        raise ValueError(
            f"The 'frequency' of each class of {source} must be 'r' (rare), 'c' (common) or 'f' (frequent). "
            f"Got {shown(wrong[0])} instead."
        )
    return [groups[frequency] for frequency in frequencies]
