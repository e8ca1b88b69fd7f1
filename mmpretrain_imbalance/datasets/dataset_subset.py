"""Subset of a dataset that a config can define, for the folds of a cross-validation."""

from __future__ import annotations

import os
from typing import Any

from mmpretrain.registry import DATASETS
from torch.utils.data import Subset

from ..utils.array_files import load_array
from .wrapped import initialize


@DATASETS.register_module()
class DatasetSubset(Subset[Any]):
    """Chosen samples of any dataset; their ``sample_idx`` does not change.

    Args:
        dataset: A dataset that :func:`label_counts` supports, or its config.
        indices: Path of a NumPy file (.npy) with the indices of the samples.
        num_samples: Number of samples that ``dataset`` must have, so that the indices are those of this
            dataset.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If ``dataset`` has another number of samples, or the file has no indices.
    """

    def __init__(self, dataset: Any, indices: str | os.PathLike[str], num_samples: int | None = None) -> None:
        dataset = DATASETS.build(dataset) if isinstance(dataset, dict) else dataset
        initialize(dataset)
        if num_samples is not None and len(dataset) != num_samples:
            raise ValueError(
                "The 'num_samples' argument of DatasetSubset must be the number of samples of 'dataset', "
                f"{len(dataset)}. Got {num_samples} instead. A nested dataset may repeat samples."
            )
        super().__init__(dataset, _read_indices(indices))

    @property
    def metainfo(self) -> dict[str, Any]:
        """Metainfo of the dataset."""
        metainfo: dict[str, Any] = self.dataset.metainfo  # type: ignore[attr-defined]
        return metainfo

    def full_init(self) -> None:
        """Load the labels of the dataset."""
        initialize(self.dataset)

    def get_cat_ids(self, idx: int) -> list[int]:
        """Return the known positive classes of one sample, for ``ClassBalancedDataset``."""
        positives: list[int] = self.dataset.get_cat_ids(self.indices[idx])  # type: ignore[attr-defined]
        return positives


def _read_indices(path: str | os.PathLike[str]) -> list[int]:
    expected = "The 'indices' argument of DatasetSubset must be a .npy file with indices of samples."
    try:
        indices = load_array(path)
    except FileNotFoundError:
        raise FileNotFoundError(f"{expected} Got {path} instead, which does not exist.") from None
    except ValueError as error:
        raise ValueError(f"{expected} Got {path} instead, {error}.") from None
    if indices.ndim != 1 or indices.dtype.kind not in "iu":
        raise ValueError(f"{expected} Got {path} instead, with {indices.dtype} of shape {indices.shape}.")
    found: list[int] = indices.tolist()
    return found
