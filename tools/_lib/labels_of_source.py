"""Dataset of a config, an annotation file or a label store."""

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
    """Build the dataset of a config, an annotation file or a label store.

    Args:
        source: Path of a config (.py), an annotation file (.json, .csv), or a label store (a folder).
        split: Split of a config: 'train', 'val' or 'test'.
        default_label: Label of the classes that a sample of a JSON file does not list.
        repeated_images: Handling of images that a CSV or JSON file lists more than once.
        data_root: Folder of the images of an annotation file or label store.
        data_prefix: Folder of the images within ``data_root``.

    Returns:
        The dataset, and a name for it.

    Raises:
        FileNotFoundError: If the source does not exist.
        ValueError: If the config has no such dataset, the annotations are wrong, or ``data_root`` or
            ``data_prefix`` is given with a config.
    """
    path = Path(source)
    if not path.exists():
        raise FileNotFoundError(
            "The 'source' argument must be an existing config (.py), annotation file (.json, .csv) or label "
            f"store (a folder). Got {source!r} instead."
        )
    if path.suffix != ".py":
        # An absolute path, because the dataset would look for a relative one in data_root.
        dataset = PartialLabelDataset(
            str(path.absolute() if data_root else path),
            default_label=default_label,
            repeated_images=repeated_images,
            data_root=data_root,
            data_prefix=data_prefix,
        )
        return dataset, path.name
    if data_root or data_prefix:
        raise ValueError(
            "The '--data-root' and '--data-prefix' arguments must be omitted with a config, which defines "
            f"its own folders. Got {data_root!r} and {data_prefix!r} instead."
        )
    cfg = Config.fromfile(path)
    loader = cfg.get(f"{split}_dataloader")
    if not loader:
        raise ValueError(
            f"The 'source' argument must be a config with {split}_dataloader. Got {source!r} instead. Choose "
            "another split with '--split'."
        )
    init_default_scope(cfg.get("default_scope", "mmpretrain"))
    return DATASETS.build(loader["dataset"]), f"{path.stem} ({split})"
