"""Features of the images of a config, computed once and stored."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import default_collate
from mmengine.device import get_device
from rich.progress import track

from ..datasets.config_datasets import build_split, evaluation_loader
from ..datasets.dataset_labels import dataset_label_store
from ..datasets.feature_store import DTYPES, FEATURES, FeatureStore
from ..datasets.feature_store_writer import FeatureStoreWriter
from ..datasets.label_store.default_label import with_shorter_lists
from ..datasets.label_store.store import LabelStore
from ..functional.feature_statistics import feature_statistics
from ..models.image_features import image_features
from ..utils.argument_checks import check_choice
from ..utils.files import atomic_write
from .feature_config import STATISTICS_FILE, write_feature_config
from .feature_model import feature_model, weights_fingerprint
from .trained_model import read_config

SPLITS = ("train", "val", "test")
_NAME = "extract_features"
_ROWS = 2**16  # images per step of the checksum of labels


@dataclass(frozen=True)
class ExtractedFeatures:
    """Feature stores of a config.

    Attributes:
        folder: Folder of all stores.
        stores: Name of the store of each split, in the folder. Splits of the same images share one.
        num_images: Number of images of each store.
        num_computed: Number of images of each store that this call computed; the others were there before.
        num_features: Number of features D of an image.
        config: The config that trains on the features; None if there is no training or no evaluation split.
    """

    folder: Path
    stores: dict[str, str]
    num_images: dict[str, int]
    num_computed: dict[str, int]
    num_features: int
    config: Path | None


def extract_features(
    config: str | os.PathLike[str] | Config,
    checkpoint: str | os.PathLike[str] | None = None,
    *,
    out: str | os.PathLike[str],
    splits: Sequence[str] = SPLITS,
    device: str | torch.device | None = None,
    dtype: str = "float32",
    random_weights: bool = False,
    progress: bool = False,
) -> ExtractedFeatures:
    """Compute the features of all images of a config, and write them with a config that trains on them.

    A feature is what the last linear layer gets. Each image is read once, with the pipeline of the test set.
    One batch is in memory at a time. A killed call goes on where it was, and ends with the same bytes.

    Args:
        config: The config of a model and its data, its path, or a name of ``mmpretrain.list_models``.
        checkpoint: Checkpoint of the model; None for ``load_from`` or the pretrained weights of the config.
        out: Folder that gets one :class:`FeatureStore` per split, ``statistics.npz`` and ``config.py``.
        splits: Splits to extract, of ``'train'``, ``'val'`` and ``'test'``. A split that the config does not
            have is left out.
        device: Device of the model; None for a GPU if there is one.
        dtype: Type of the stored numbers, ``'float32'`` or ``'float16'``.
        random_weights: Whether features may depend on random weights.
        progress: Whether to show progress bars.

    Returns:
        The stores.

    Raises:
        FileNotFoundError: If the config, the checkpoint or an image does not exist.
        ValueError: If an argument is invalid, weights would be random, a feature is not finite, or the folder
            has features of other settings.
    """
    check_choice(_NAME, DTYPES, dtype=dtype)
    for split in splits:
        check_choice(_NAME, SPLITS, splits=split)
    if not isinstance(config, Config):
        config, published = read_config(config)
        checkpoint = published if checkpoint is None else checkpoint
    nodes = {split: node for split in splits if (node := _dataset_node(config, split)) is not None}
    if not nodes:
        raise ValueError(
            f"The 'splits' argument of {_NAME} must name splits of the config. Got {list(splits)}, and the "
            "config has none of them."
        )
    datasets = {split: build_split(config, split, _NAME) for split in nodes}
    sources = {split: _fingerprint([node, _pipelines(datasets[split])]) for split, node in nodes.items()}
    probe = default_collate([next(iter(datasets.values()))[0]])["inputs"]
    model = feature_model(
        config, None if checkpoint is None else os.fspath(checkpoint), probe, random_weights
    )
    settings = dict(
        model=_fingerprint(_without_weights(config.model)),
        weights=weights_fingerprint(model),
        dtype=dtype,
        batch_size=evaluation_loader(config, ()).batch_size,
    )
    model = _to_device(model, get_device() if device is None else device)
    stores: dict[str, str] = {}
    num_images, num_computed = {}, {}
    for split, dataset in datasets.items():
        same = next((other for other in stores if sources[other] == sources[split]), None)
        if same is not None:
            stores[split] = stores[same]
            continue
        stores[split] = split
        labels = with_shorter_lists(dataset_label_store(dataset))
        own = dict(settings, dataset=sources[split], labels=_labels_fingerprint(labels))
        writer = FeatureStoreWriter(Path(out) / split, labels, own)
        num_images[split], num_computed[split] = len(labels), len(labels) - writer.num_written
        for features in _computed(model, dataset, writer, config, f"{split} features" if progress else None):
            writer.append(features)
        writer.finish()
    train = None
    if "train" in stores:
        train = FeatureStore.open(Path(out) / stores["train"])
        _write_statistics(Path(out) / stores["train"] / FEATURES, Path(out) / STATISTICS_FILE)
    first = train or FeatureStore.open(Path(out) / next(iter(stores.values())))
    is_complete = train is not None and len(stores) > 1
    written = write_feature_config(Path(out), stores, first) if is_complete else None
    return ExtractedFeatures(Path(out), stores, num_images, num_computed, first.num_features, written)


def _computed(
    model: Any, dataset: Any, writer: FeatureStoreWriter, cfg: Config, title: str | None
) -> Iterator[np.ndarray]:
    """Yield the features of the images that are not written, one batch at a time."""
    remaining = range(writer.num_written, len(writer.labels))
    if not remaining:
        return
    batches: Any = evaluation_loader(cfg, dataset, remaining)
    if title is not None:
        batches = track(batches, title, total=len(batches))
    for batch in batches:
        features = image_features(model, batch["inputs"])
        yield features.float().cpu().numpy()


def _dataset_node(cfg: Config, split: str) -> Any:
    return (cfg.get(f"{split}_dataloader") or {}).get("dataset")


def _pipelines(dataset: Any) -> str:
    """Describe the pipelines of a dataset, which wrappers keep in nested datasets."""
    nested = getattr(dataset, "datasets", None) or [getattr(dataset, "dataset", None)]
    parts = [repr(getattr(dataset, "pipeline", ""))]
    return "\n".join(parts + [_pipelines(part) for part in nested if part is not None])


def _fingerprint(value: Any) -> str:
    """Compute a checksum of a config, independent of the order of its keys."""
    text = json.dumps(_plain(value), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _plain(node: Any) -> Any:
    """Convert a config to plain types, without the training pipeline, which is not used."""
    if isinstance(node, dict):
        return {key: _plain(value) for key, value in node.items() if key not in ("pipeline", "_scope_")}
    if isinstance(node, (list, tuple)):
        return [_plain(item) for item in node]
    return node


def _without_weights(node: Any) -> Any:
    """Leave out losses and the source of the weights, which have a checksum of their own."""
    if isinstance(node, dict):
        skipped = ("init_cfg", "pretrained", "loss")
        return {key: _without_weights(value) for key, value in node.items() if key not in skipped}
    return deepcopy(node)


def _labels_fingerprint(labels: LabelStore) -> str:
    digest = hashlib.sha256(json.dumps([labels.class_names, labels.default_label]).encode())
    for start in range(0, len(labels), _ROWS):
        rows = np.arange(start, min(start + _ROWS, len(labels)))
        for array in (*labels.elements(rows), *(part for pair in labels.names(rows) for part in pair)):
            digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()[:16]


def _to_device(model: Any, device: str | torch.device) -> Any:
    try:
        return model.to(device)
    except (AssertionError, RuntimeError) as error:
        raise ValueError(
            f"The 'device' argument of {_NAME} must be a device of this machine, such as 'cpu'. Got "
            f"{str(device)!r} instead ({str(error).splitlines()[0][:200]})."
        ) from error


def _write_statistics(features: Path, path: Path) -> None:
    if path.exists():
        return
    # Not the map of FeatureStore, which is for reading images in random order.
    mean, std = feature_statistics(np.load(features, mmap_mode="r"))
    with atomic_write(path, "wb") as file:
        np.savez(file, mean=mean.astype(np.float32), std=std.astype(np.float32))
