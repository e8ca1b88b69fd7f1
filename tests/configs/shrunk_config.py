"""A shipped config cut down to one step: few and small images, no downloads, all in a folder of the test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from mmengine.config import Config, ConfigDict
from mmpretrain.registry import DATASETS

from mmpretrain_imbalance.datasets import class_names
from mmpretrain_imbalance.utils.class_values import write_named_values
from tests.configs.annotated_images import write_cifar, write_labels, write_voc

LARGEST_IMAGE = 64
NARROWER = 8  # so many times fewer channels of a ResNet
MADE_HERE = ("ImbalancedCIFAR", "MultiDigits", "PartialLabelDataset", "VOC")
LOADERS = ("train_dataloader", "val_dataloader", "test_dataloader")


def dicts_in(node: object) -> Iterator[ConfigDict]:
    """Every dictionary of a config, at any depth."""
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, (list, tuple)):
        for item in node:
            yield from dicts_in(item)


def shrink(path: Path, folder: Path) -> Config:
    """The config with a few training images, all in one batch, for one epoch, and a narrow ResNet."""
    cfg = Config.fromfile(path)
    cfg.work_dir = str(folder / "work_dir")
    cfg.experiment_name = f"{path.stem}_{folder.name}"
    cfg.log_level = "ERROR"
    cfg.load_from, cfg.resume = None, False
    cfg.default_hooks.checkpoint = None  # a ResNet-101 with its momentum is 340 MB
    cfg.train_cfg = dict(by_epoch=True, max_epochs=1, val_interval=1)
    for loader in LOADERS:
        cfg[loader].update(batch_size=8, num_workers=0, persistent_workers=False, drop_last=False)
    cfg.train_dataloader.sampler.pop("epoch_size", None)
    narrow(cfg.model)
    give_data(cfg, folder)
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
    give_class_priors(cfg, folder)
    give_places(cfg)
    give_pseudo_labels(cfg, folder)
    return cfg


def narrow(model: ConfigDict) -> None:
    """Make a large ResNet one of 50 layers with an eighth of the channels: the loss sees the same table."""
    if model.backbone.type != "ResNet":
        return
    model.backbone.update(
        depth=min(model.backbone.depth, 50), stem_channels=64 // NARROWER, base_channels=64 // NARROWER
    )
    after = model.neck if model.get("neck") and "in_channels" in model.neck else model.head
    after.in_channels //= NARROWER


def give_data(cfg: Config, folder: Path) -> None:
    """Cut digits and CIFAR to 8 images, and write the files that other data sets read."""
    for node in dicts_in([cfg[loader] for loader in LOADERS]):
        kind = node.get("type")
        if kind in DATASETS.module_dict and kind not in MADE_HERE and not {"dataset", "datasets"} & set(node):
            raise ValueError(f"Write a tiny {kind} for the configs that read one: see give_data.")
        if kind == "MultiDigits":
            node["num_images"] = 8
        elif kind == "VOC":
            node["data_root"] = str(folder / "voc")
            if not (folder / "voc").exists():
                write_voc(folder / "voc")
        elif kind == "PartialLabelDataset":
            node["data_root"] = str(folder / "labels")
            write_labels(folder / "labels", node["data_prefix"], node["ann_file"], cfg.model.head.num_classes)
        elif kind == "ImbalancedCIFAR":
            node.update(data_root=str(folder / "cifar"), imbalance_factor=1, indices=8)
            write_cifar(folder / "cifar", node["num_classes"])


def give_places(cfg: Config) -> None:
    """Give losses with a row for each image as many as there are now."""
    for node in dicts_in(cfg.model):
        if "num_images" in node:
            node["num_images"] = len(DATASETS.build(cfg.train_dataloader.dataset))


def give_pseudo_labels(cfg: Config, folder: Path) -> None:
    """Write the answers that somebody else gives to the unknown labels: of every kind."""
    for node in dicts_in(cfg.model):
        if "pseudo_labels" in node:
            node["pseudo_labels"] = str(folder / "answers.npy")
            answers = np.arange(node["num_images"] * cfg.model.head.num_classes) % 3 - 1
            np.save(node["pseudo_labels"], answers.reshape(node["num_images"], -1).astype(np.int8))


def give_class_priors(cfg: Config, folder: Path) -> None:
    """Write each class prior that the config reads from the run before it."""
    for node in dicts_in(cfg.model):
        if isinstance(node.get("class_prior"), (str, os.PathLike)):
            names = class_names(DATASETS.build(cfg.train_dataloader.dataset))
            node["class_prior"] = str(folder / "class_prior.json")
            write_named_values(node["class_prior"], names, {"class_prior": [0.3] * len(names)})
