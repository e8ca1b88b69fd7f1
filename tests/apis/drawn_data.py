"""Small images with labels, and the config of a model for them, as in a project of a user."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import cv2
import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmpretrain.registry import MODELS

import mmpretrain_imbalance  # noqa: F401

NUM_TRAIN, NUM_VAL = 11, 5


def write_data(folder: Path) -> Config:
    """Write images and tables, and return a config of a convolutional network with pooled features."""
    generator = np.random.default_rng(0)
    for split, number in (("train", NUM_TRAIN), ("val", NUM_VAL)):
        lines = ["image,cat,dog,elk"]
        for image in range(number):
            name = f"{split}{image}.png"
            (folder / "images").mkdir(exist_ok=True)
            cv2.imwrite(
                str(folder / "images" / name), generator.integers(0, 256, (16, 16, 3), dtype=np.uint8)
            )
            lines.append(",".join([name, *generator.choice(["1", "0", "0", ""], 3)]))
        (folder / f"{split}.csv").write_text("\n".join(lines) + "\n")
    pack = dict(type="PackInputs")
    load = dict(type="LoadImageFromFile")
    dataset = dict(type="PartialLabelDataset", data_root=str(folder), data_prefix="images")
    train_pipeline = [load, dict(type="RandomFlip", prob=0.5), dict(type="RandomCrop", crop_size=8), pack]
    train = dict(dataset, ann_file="train.csv", pipeline=train_pipeline)
    val = dict(dataset, ann_file="val.csv", pipeline=[load, dict(type="Resize", scale=(16, 16)), pack])
    loader = dict(batch_size=4, num_workers=0)
    return Config(
        dict(
            default_scope="mmpretrain",
            custom_imports=dict(imports=["mmpretrain_imbalance"], allow_failed_imports=False),
            model=dict(
                type="ImageClassifier",
                data_preprocessor=dict(type="PartialLabelDataPreprocessor", mean=[120.0] * 3, std=[60.0] * 3),
                backbone=dict(type="SmallConvNet", in_channels=3, channels=(4, 8), pool=None),
                neck=dict(type="GlobalAveragePooling"),
                head=dict(
                    type="PartialLabelLinearClsHead",
                    num_classes=3,
                    in_channels=8,
                    loss=dict(type="PartialAsymmetricLoss"),
                ),
            ),
            train_dataloader=dict(loader, dataset=dict(type="RepeatDataset", times=2, dataset=train)),
            val_dataloader=dict(loader, dataset=val),
            test_dataloader=dict(loader, dataset=val),
        )
    )


def write_checkpoint(cfg: Config, path: Path, seed: int = 3) -> Path:
    """Write a checkpoint with random weights."""
    with torch.random.fork_rng(), DefaultScope.overwrite_default_scope("mmpretrain"):
        torch.manual_seed(seed)
        model = MODELS.build(deepcopy(cfg.model))  # it changes the config
        model.init_weights()
    torch.save(dict(state_dict=model.state_dict()), path)
    return path
