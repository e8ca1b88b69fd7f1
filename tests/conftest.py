"""Settings of all tests: threads, the gpu marker, and a config that trains in a second.

Large packages are imported in functions: the process that only distributes the tests starts without them.
"""

from __future__ import annotations

import gc
import json
from pathlib import Path

import pytest
from hypothesis import settings

from tests.unformatted_configs import leave_configs_unformatted

# A test must not fail because the machine is slow.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")

# The first import of openmim makes this folder, and fails if another process makes it at the same moment.
(Path.home() / ".cache" / "mim").mkdir(parents=True, exist_ok=True)

MANY_OBJECTS = 100_000
TINY_CLASSES = ("circle", "square", "star")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run slow tests first, so that parallel processes end together; skip ``gpu`` tests without a GPU."""
    import torch

    torch.set_num_threads(1)
    leave_configs_unformatted()
    items.sort(key=lambda item: "slow" not in item.keywords)
    if torch.cuda.is_available():
        return
    for item in items:
        if "gpu" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="there is no GPU"))


def pytest_collection_finish() -> None:
    """Leave modules and tests out of later garbage collections, one of which MMEngine calls per dataset."""
    gc.collect()
    gc.freeze()
    gc.callbacks.append(leave_out_many_survivors)


def leave_out_many_survivors(phase: str, info: dict[str, int]) -> None:
    """Leave out the survivors of a collection, too: after a compilation, each collection takes 0.3 s."""
    if phase == "stop" and info["generation"] == 2 and len(gc.get_objects(2)) > MANY_OBJECTS:
        gc.freeze()


@pytest.fixture(scope="session")
def tiny_config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Path of a config without our classes: LeNet, 16 gray images, 3 classes, 2 epochs of 2 steps."""
    import cv2
    import numpy as np
    from mmengine.config import Config

    folder = tmp_path_factory.mktemp("tiny")
    generator = np.random.default_rng(0)
    samples = []
    for index in range(16):
        cv2.imwrite(str(folder / f"{index}.png"), generator.integers(0, 256, (32, 32), dtype=np.uint8))
        labels = np.flatnonzero(generator.random(len(TINY_CLASSES)) < 0.5).tolist()
        samples.append(dict(img_path=f"{index}.png", gt_label=labels))
    annotations = dict(metainfo=dict(classes=TINY_CLASSES), data_list=samples)
    (folder / "labels.json").write_text(json.dumps(annotations))

    dataset = dict(
        type="MultiLabelDataset",
        data_root=str(folder),
        data_prefix=dict(img_path=""),
        ann_file="labels.json",
        pipeline=[dict(type="LoadImageFromFile", color_type="grayscale"), dict(type="PackInputs")],
    )
    loader = dict(batch_size=8, num_workers=0, dataset=dataset)
    cfg = Config(
        dict(
            default_scope="mmpretrain",
            model=dict(
                type="ImageClassifier",
                backbone=dict(type="LeNet5"),
                neck=dict(type="GlobalAveragePooling"),
                head=dict(
                    type="MultiLabelLinearClsHead",
                    num_classes=len(TINY_CLASSES),
                    in_channels=120,
                    loss=dict(type="CrossEntropyLoss", use_sigmoid=True),
                ),
            ),
            data_preprocessor=dict(
                num_classes=len(TINY_CLASSES), mean=[127.5], std=[127.5], to_rgb=False, to_onehot=True
            ),
            train_dataloader=dict(loader, sampler=dict(type="DefaultSampler", shuffle=True)),
            val_dataloader=dict(loader, sampler=dict(type="DefaultSampler", shuffle=False)),
            test_dataloader=dict(loader, sampler=dict(type="DefaultSampler", shuffle=False)),
            val_evaluator=dict(type="MultiLabelMetric"),
            test_evaluator=dict(type="MultiLabelMetric"),
            optim_wrapper=dict(optimizer=dict(type="SGD", lr=0.1, momentum=0.9)),
            train_cfg=dict(by_epoch=True, max_epochs=2),
            val_cfg=dict(),
            test_cfg=dict(),
            default_hooks=dict(logger=dict(type="LoggerHook", interval=1)),
            randomness=dict(seed=0, deterministic=True),
        )
    )
    path = folder / "lenet5_tiny-training.py"
    cfg.dump(path)
    return path
