"""Shipped config reduced to one step: few small images in a folder of the test, and no downloads."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from mmengine.config import Config, ConfigDict
from mmpretrain.registry import DATASETS

from mmpretrain_imbalance.datasets import FeatureStoreWriter, class_names, label_store_from_array
from mmpretrain_imbalance.utils.class_values import write_named_values
from tests.configs.annotated_images import write_cifar, write_labels, write_voc
from tests.datasets.published_files import write_mnist
from tests.shipped_config import own_config

LARGEST_IMAGE = 64
NARROWER = 8  # factor by which the channels of a ResNet are reduced
SUPPORTED = ("FeatureDataset", "ImbalancedCIFAR", "MultiDigits", "PartialLabelDataset", "VOC")
LOADERS = ("train_dataloader", "val_dataloader", "test_dataloader")


def dicts_in(node: object) -> Iterator[ConfigDict]:
    """Yield every dictionary of a config, at any depth."""
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, (list, tuple)):
        for item in node:
            yield from dicts_in(item)


def shrink(path: Path, folder: Path) -> Config:
    """Return the config with one epoch, few training images in one batch, and a narrow ResNet."""
    cfg = own_config(path)
    cfg.work_dir = str(folder / "work_dir")
    cfg.experiment_name = f"{path.stem}_{folder.name}"
    cfg.log_level = "ERROR"
    cfg.load_from, cfg.resume = None, False
    cfg.default_hooks.checkpoint = None  # a checkpoint of ResNet-101 has 340 MB
    cfg.train_cfg = dict(by_epoch=True, max_epochs=1, val_interval=1)
    for loader in LOADERS:
        cfg[loader].update(batch_size=8, num_workers=0, persistent_workers=False, drop_last=False)
    cfg.train_dataloader.sampler.pop("epoch_size", None)
    narrow(cfg.model)
    set_data(cfg, folder)
    for node in dicts_in(dict(cfg)):
        if node.get("init_cfg") and any(
            init.get("type") == "Pretrained" for init in dicts_in(node["init_cfg"])
        ):
            node["init_cfg"] = None
        for size in ("scale", "crop_size"):
            if isinstance(node.get(size), (int, list, tuple)):
                sides = node[size]
                smaller = [
                    min(side, LARGEST_IMAGE) for side in ([sides] if isinstance(sides, int) else sides)
                ]
                node[size] = smaller[0] if isinstance(sides, int) else tuple(smaller)
    set_class_priors(cfg, folder)
    set_num_images(cfg)
    set_pseudo_labels(cfg, folder)
    return cfg


def narrow(model: ConfigDict) -> None:
    """Make a ResNet smaller, with at most 50 layers and 1/8 of the channels; replace a network of timm."""
    if model.backbone.type == "TIMMBackbone":
        model.backbone.model_name, model.head.in_channels = "test_efficientnet", 256
    if model.backbone.type != "ResNet":
        return
    model.backbone.update(
        depth=min(model.backbone.depth, 50), stem_channels=64 // NARROWER, base_channels=64 // NARROWER
    )
    after = model.neck if model.get("neck") and "in_channels" in model.neck else model.head
    after.in_channels //= NARROWER


def set_data(cfg: Config, folder: Path) -> None:
    """Reduce digits and CIFAR to 8 images, and write small files for the other data sets."""
    for node in dicts_in([cfg[loader] for loader in LOADERS]):
        kind = node.get("type")
        if kind in DATASETS.module_dict and kind not in SUPPORTED and not {"dataset", "datasets"} & set(node):
            raise ValueError(
                f"The datasets of a config must be of {SUPPORTED}. Got {kind} instead. Add it to set_data."
            )
        if kind == "MultiDigits":
            node["num_images"] = 8
            if "data_root" in node:
                node["data_root"] = str(write_mnist(folder / "mnist"))
        elif kind == "VOC":
            node["data_root"] = str(folder / "voc")
            if not (folder / "voc").exists():
                write_voc(folder / "voc")
        elif kind == "PartialLabelDataset":
            node["data_root"] = str(folder / "labels")
            write_labels(folder / "labels", node["data_prefix"], node["ann_file"], cfg.model.head.num_classes)
        elif kind == "FeatureDataset":
            node["data_root"] = str(folder / "features")
            write_features(folder / "features", node["ann_file"], cfg.model)
        elif kind == "ImbalancedCIFAR":
            node.update(data_root=str(folder / "cifar"), imbalance_factor=1, indices=8)
            write_cifar(folder / "cifar", node["num_classes"])


def write_features(folder: Path, name: str, model: ConfigDict) -> None:
    """Write a store of 8 images, unless it exists, and the statistics of the backbone."""
    if not (folder / name).exists():
        generator = np.random.default_rng(0)
        names = [f"{number}.jpg" for number in range(8)]
        classes = [f"class {number}" for number in range(model.head.num_classes)]
        labels = generator.integers(-1, 2, (8, len(classes)))
        store = label_store_from_array(labels, names, classes)
        writer = FeatureStoreWriter(folder / name, store, dict(dtype="float16", batch_size=8))
        writer.append(generator.normal(size=(8, model.backbone.in_channels)))
        writer.finish()
    model.backbone.statistics = str(folder / "statistics.npz")
    np.savez(
        model.backbone.statistics, mean=np.zeros(model.head.in_channels), std=np.ones(model.head.in_channels)
    )


def set_num_images(cfg: Config) -> None:
    """Set ``num_images`` of losses with one row per image to the number of training images."""
    for node in dicts_in(cfg.model):
        if "num_images" in node:
            node["num_images"] = len(DATASETS.build(cfg.train_dataloader.dataset))


def set_pseudo_labels(cfg: Config, folder: Path) -> None:
    """Write given pseudo-labels with all three values, and set their path."""
    for node in dicts_in(cfg.model):
        if "pseudo_labels" in node:
            node["pseudo_labels"] = str(folder / "pseudo_labels.npy")
            shape = len(DATASETS.build(cfg.train_dataloader.dataset)), cfg.model.head.num_classes
            np.save(node["pseudo_labels"], (np.arange(np.prod(shape)).reshape(shape) % 3 - 1).astype(np.int8))


def set_class_priors(cfg: Config, folder: Path) -> None:
    """Write every class prior that the config reads from an earlier run, and set its path."""
    for node in dicts_in(cfg.model):
        if isinstance(node.get("class_prior"), (str, os.PathLike)):
            names = class_names(DATASETS.build(cfg.train_dataloader.dataset))
            node["class_prior"] = str(folder / "class_prior.json")
            write_named_values(node["class_prior"], names, {"class_prior": [0.3] * len(names)})
