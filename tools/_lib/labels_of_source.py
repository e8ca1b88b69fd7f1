"""The dataset behind what a user names: a config, an annotation file or a label store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpretrain.registry import DATASETS

from mmpretrain_imbalance.datasets import PartialLabelDataset


def labels_of_source(
    source: str,
    split: str = "train",
    default_label: str = "unknown",
    repeated_images: str = "raise",
    data_root: str = "",
    data_prefix: str = "",
) -> tuple[Any, str]:
    """Build the dataset.

    Args:
        source: A config (.py), an annotation file (.json, .csv), or the folder of a label store.
        split: Which dataset of a config: 'train', 'val' or 'test'.
        default_label: What a JSON file means by a class that a sample does not list.
        repeated_images: What an image is that a CSV or JSON file names again.
        data_root: Folder of the images of an annotation file or label store.
        data_prefix: Folder of the images within ``data_root``.

    Returns:
        The dataset, and a name for it.

    Raises:
        FileNotFoundError: If there is no such file or folder.
        ValueError: If the config has no such dataset, the annotations are wrong, or a folder is given for
            the images of a config.
    """
    path = Path(source)
    if not path.exists():
        raise FileNotFoundError(
            "The 'source' argument must be a config (.py), an annotation file (.json, .csv) or the folder of "
            f"a label store. Got {source!r}, where there is nothing, instead."
        )
    if path.suffix != ".py":
        dataset = PartialLabelDataset(
            str(path.absolute() if data_root else path),  # the folder of the images is not that of the file
            default_label=default_label,
            repeated_images=repeated_images,
            data_root=data_root,
            data_prefix=data_prefix,
        )
        return dataset, path.name
    if data_root or data_prefix:
        raise ValueError(
            "The '--data-root' and '--data-prefix' arguments must be left out for a config, which names its "
            f"folders itself. Got {data_root!r} and {data_prefix!r} instead."
        )
    cfg = Config.fromfile(path)
    loader = cfg.get(f"{split}_dataloader")
    if not loader:
        raise ValueError(
            f"The 'source' argument must be a config with {split}_dataloader. Got {source!r}, which has "
            "none, instead. '--split' chooses another."
        )
    init_default_scope(cfg.get("default_scope", "mmpretrain"))
    return DATASETS.build(loader["dataset"]), f"{path.stem} ({split})"
