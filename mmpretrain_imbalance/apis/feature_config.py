"""Config that trains a linear head on stored features."""

from __future__ import annotations

from pathlib import Path

from ..datasets.feature_store import FeatureStore
from ..utils.files import atomic_write
from .project.base_configs import copy_base_configs

#: File with mean and standard deviation of the training features.
STATISTICS_FILE = "statistics.npz"
_BASES = ["_base_/protocols/frozen_features.py", "_base_/methods/binary_cross_entropy.py"]


def write_feature_config(folder: Path, stores: dict[str, str], store: FeatureStore) -> Path:
    """Write ``config.py`` beside feature stores, with the base configs that it inherits from.

    Args:
        folder: Folder of the stores.
        stores: Name of the store of each split. Without a validation or test split, the other one is used.
        store: One of the stores.

    Returns:
        Path of the config. An existing one is not changed.
    """
    path = folder / "config.py"
    if not path.exists():
        copy_base_configs(_BASES, folder)
        with atomic_write(path) as file:
            file.write(feature_config(stores, store.num_features, store.labels.num_classes))
    return path


def feature_config(stores: dict[str, str], num_features: int, num_classes: int) -> str:
    """Return the code of a config that trains on stored features.

    Args:
        stores: Name of the store of each split.
        num_features: Number of features D.
        num_classes: Number of classes C.

    Returns:
        The code.
    """
    val = stores.get("val") or stores["test"]
    names = dict(train=stores["train"], val=val, test=stores.get("test", val))
    bases = "".join(f"    {base!r},\n" for base in _BASES)
    lines = [
        "# A linear head on stored features. Replace the last base config for another method.",
        f"_base_ = [\n{bases}]\n",
        'features = "{{ fileDirname }}"  # the folder of this file',
        f"num_features, num_classes = {num_features}, {num_classes}\n",
        "model = dict(",
        "    backbone=dict(in_channels=num_features, statistics=f'{features}/" + STATISTICS_FILE + "'),",
        "    head=dict(in_channels=num_features, num_classes=num_classes, loss=_base_.loss),",
        ")\n",
        *(
            f"{split}_dataloader = dict(dataset=dict(data_root=features, ann_file={name!r}))"
            for split, name in names.items()
        ),
        "work_dir = f'{features}/work_dirs'",
    ]
    return "\n".join(lines) + "\n"
