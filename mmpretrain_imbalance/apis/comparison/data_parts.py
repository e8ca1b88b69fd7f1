"""Division of the training set of a base config into the parts of a run, with their labels."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmpretrain.registry import DATASETS
from torch.utils.data import Subset

from ...datasets import fold_labels, label_counts, split_labels
from ...datasets.config_datasets import split_config
from ...datasets.dataset_labels import dataset_label_store
from ...functional.method_advice import LabelFigures
from ...utils.files import atomic_write
from ..store_figures import store_figures
from .compared_setting import ComparedSetting

_CALLER = "compare_methods"


@dataclass(frozen=True)
class DataParts:
    """Parts of a training set in one setting and with one seed.

    Attributes:
        folder: Folder with the indices of each part: ``train.npy``, ``val.npy`` and perhaps ``test.npy``.
        num_samples: Number of samples of the training set, N.
        num_train: Number of samples of the part for training.
        figures: Figures of the labels of the part for training.
        annotated_positives: Number of positives of each class in the training set before a simulation hides
            labels, of shape (C,).
    """

    folder: Path
    num_samples: int
    num_train: int
    figures: LabelFigures
    annotated_positives: np.ndarray

    def subset(self, dataset: dict[str, Any], part: str) -> dict[str, Any]:
        """Return the config of a part of a dataset.

        Args:
            dataset: Config of the training set in the setting.
            part: ``'train'``, ``'val'`` or ``'test'``.

        Returns:
            Config of a ``DatasetSubset``.
        """
        return dict(
            type="DatasetSubset",
            dataset=dataset,
            indices=str(self.folder / f"{part}.npy"),
            num_samples=self.num_samples,
            _scope_="mmpretrain",
        )


def write_data_parts(
    cfg: Config,
    setting: ComparedSetting,
    seed: int,
    folder: str | os.PathLike[str],
    val_fraction: float,
    num_folds: int | None = None,
) -> None:
    """Divide the training set of a config, by iterative stratification over its known labels in a setting.

    Args:
        cfg: The base config.
        setting: The setting.
        seed: Seed of the setting and of the division. With folds, seeds 0 to K - 1 are the folds of one
            division, the next K seeds those of another one.
        folder: Folder for the parts; ``labels.json`` is written last.
        val_fraction: Fraction of the validation part.
        num_folds: Number of folds K, one of which is the test part; None if the config has a test set.

    Raises:
        ImportError: If the package iterative-stratification is missing.
        ValueError: If the config has no training set, or it has too few images.
    """
    folder = Path(folder)
    node = split_config(cfg, "train", _CALLER)
    with DefaultScope.overwrite_default_scope("mmpretrain"):
        annotated = DATASETS.build(node)
        dataset = annotated if setting.simulation is None else _simulated(setting, annotated, seed)
    labels = dataset_label_store(dataset)
    rest = np.arange(len(labels))
    parts = {}
    if num_folds is not None:
        repetition, fold = divmod(seed, num_folds)
        of_fold = fold_labels(labels, num_folds, seed=repetition) == fold
        parts["test"], rest = np.flatnonzero(of_fold), np.flatnonzero(~of_fold)
        labels = dataset_label_store(Subset(dataset, rest.tolist()))
    split = split_labels(labels, {"train": 1 - val_fraction, "val": val_fraction}, seed=seed)
    parts.update({part: rest[rows] for part, rows in split.rows.items()})
    for part, indices in parts.items():
        with atomic_write(folder / f"{part}.npy", "wb") as file:
            np.save(file, indices)
    content = dict(
        num_samples=len(dataset),
        num_train=len(parts["train"]),
        annotated_positives=label_counts(annotated).positives.tolist(),
        figures=asdict(store_figures(labels, split.rows["train"])),
    )
    with atomic_write(folder / "labels.json") as file:
        json.dump(content, file)


def read_data_parts(folder: str | os.PathLike[str]) -> DataParts:
    """Read the parts that :func:`write_data_parts` wrote.

    Args:
        folder: The folder of the parts.

    Returns:
        The parts.

    Raises:
        FileNotFoundError: If the folder is not complete.
    """
    content = json.loads((Path(folder) / "labels.json").read_text(encoding="utf-8"))
    return DataParts(
        folder=Path(folder),
        num_samples=content["num_samples"],
        num_train=content["num_train"],
        figures=LabelFigures(**content["figures"]),
        annotated_positives=np.array(content["annotated_positives"]),
    )


def _simulated(setting: ComparedSetting, annotated: Any, seed: int) -> Any:
    config = setting.dataset({}, seed)
    return DATASETS.build({**config, "dataset": annotated})
