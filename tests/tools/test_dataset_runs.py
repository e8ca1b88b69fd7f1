"""Two epochs of training on each data set: published files, converter, base config, Runner."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner

from mmpretrain_imbalance.datasets import LabelStore, PartialLabelDataset, label_counts
from tests.datasets import published_files as files
from tests.tools.published_commands import COMMANDS, coco, voc
from tests.tools.run_convert import convert
from tests.tools.run_tool import ROOT

BASES = ROOT / "configs" / "_base_" / "datasets"
PARTIAL = dict(
    type="MultiLabelLinearClsHead",
    in_channels=8,
    loss=dict(type="PartialAsymmetricLoss", unknown="ignore"),
)


def train_two_epochs(cfg: Config, folder: Path, num_classes: int, channels: int = 3, **changes) -> Runner:
    """Train two epochs on the data of a config, and check the results."""
    preprocessor = dict(type="PartialLabelDataPreprocessor", num_classes=num_classes)
    for loader in (cfg.train_dataloader, cfg.val_dataloader):
        loader.update(batch_size=4, num_workers=0)
    backbone = dict(type="SmallConvNet", in_channels=channels, channels=(4, 8), pool="max")
    runner = Runner(
        model=dict(
            type="ImageClassifier",
            backbone=backbone,
            head=dict(changes.get("head", PARTIAL), num_classes=num_classes),
            data_preprocessor=preprocessor,
        ),
        work_dir=str(folder / "work_dir"),
        train_dataloader=cfg.train_dataloader,
        val_dataloader=cfg.val_dataloader,
        val_evaluator=changes.get("val_evaluator", cfg.val_evaluator),
        train_cfg=dict(by_epoch=True, max_epochs=2, val_interval=2),
        val_cfg=dict(),
        optim_wrapper=dict(optimizer=dict(type="SGD", lr=0.01)),
        default_scope="mmpretrain",
        default_hooks=dict(checkpoint=None),
        log_level="ERROR",
        experiment_name=f"{folder.parent.name}_{folder.name}",
    )
    before = [value.clone() for value in runner.model.parameters()]
    runner.train()
    assert runner.epoch == 2
    assert all(torch.isfinite(value).all() for value in runner.model.parameters())
    assert not all(torch.equal(old, new) for old, new in zip(before, runner.model.parameters()))
    assert any("mAP" in name or "top1" in name for name in runner.message_hub.log_scalars)
    return runner


def write_images(store: LabelStore, folder: Path) -> None:
    for image in range(len(store)):
        path = folder / store.image_name(image)
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), np.full((12, 12, 3), 10 * image, np.uint8))


def from_stores(name: str, root: Path) -> Config:
    """Return the base config of label stores below a folder, with images of 16 x 16 pixels."""
    cfg = Config.fromfile(BASES / f"{name}.py")
    for loader in (cfg.train_dataloader, cfg.val_dataloader):
        loader.dataset.data_root = str(root)
        folder = root / loader.dataset.get("data_prefix", "")
        write_images(PartialLabelDataset(str(root / loader.dataset.ann_file)).load_label_store(), folder)
        for step in loader.dataset.pipeline:
            if "scale" in step:
                step["scale"] = 16
    return cfg


@pytest.mark.parametrize("name", COMMANDS)
def test_from_published_files_to_training(name, tmp_path) -> None:
    root = tmp_path / Config.fromfile(BASES / f"{name}.py").data_root
    for split in ("train", "val"):
        convert(*COMMANDS[name](tmp_path / "published" / split, split), "--out", root / f"{split}_labels")
    store = LabelStore.open(root / "train_labels")
    runner = train_two_epochs(from_stores(name, root), tmp_path, store.num_classes)
    dataset = runner.train_dataloader.dataset
    assert len(dataset) == len(store)
    assert label_counts(dataset) == store.label_counts()


def write_photographs(root: Path, num_classes: int) -> None:
    """Write train.csv, with 1, 0 and blank cells, a test.csv without blanks, and the images."""
    classes = [f"class {number}" for number in range(num_classes)]
    for name, cells in (("train", ["1", "0", ""]), ("test", ["1", "0", "0"])):
        rows = [[cells[(row + column) % 3] for column in range(num_classes)] for row in range(6)]
        lines = [",".join([f"{name}/{row}.jpg", *labels]) for row, labels in enumerate(rows)]
        files.write_lines(root / f"{name}.csv", ",".join(["image", *classes]), *lines)


@pytest.mark.parametrize(("name", "num_classes"), [("corel5k", 260), ("clothing_attributes", 36)])
def test_photographs_with_csv_files_train(name, num_classes, tmp_path) -> None:
    root = tmp_path / Config.fromfile(BASES / f"{name}.py").data_root
    write_photographs(root, num_classes)
    runner = train_two_epochs(from_stores(name, root), tmp_path, num_classes)
    counts = runner.train_dataloader.dataset.label_counts()
    for found in (counts.positives, counts.negatives, counts.unknown):
        assert found.tolist() == [2] * num_classes
    assert not runner.val_dataloader.dataset.label_counts().unknown.any()
    assert runner.val_dataloader.dataset[0]["data_samples"].img_path.endswith("images/test/0.jpg")


@pytest.mark.parametrize("name", ["digits", "digits_rps50", "multi_mnist", "multi_mnist_rps50"])
def test_digits_train(name, tmp_path) -> None:
    files.write_mnist(tmp_path / "mnist")
    cfg = Config.fromfile(BASES / f"{name}.py")
    for loader in (cfg.train_dataloader, cfg.val_dataloader):
        dataset = loader.dataset.get("dataset", loader.dataset)
        dataset.num_images = 60
        if "data_root" in dataset:
            assert dataset.data_root == "data/mnist"
            dataset.data_root = str(tmp_path / "mnist")
    runner = train_two_epochs(cfg, tmp_path, 10, channels=1)
    dataset = runner.train_dataloader.dataset
    assert dataset[0]["inputs"].shape == ((1, 64, 64) if "mnist" in name else (1, 32, 32))
    assert label_counts(dataset).unknown.any() == name.endswith("rps50")
    assert (np.diff(label_counts(dataset).positives[[0, 4, 9]]) < 0).all()


@pytest.mark.parametrize(
    ("num_classes", "changes"),
    [(10, {}), (10, dict(imbalance="step")), (100, dict(imbalance_factor=2)), (10, dict(single_label=True))],
    ids=["exponential", "step", "hundred", "single label"],
)
def test_imbalanced_cifar_trains(tmp_path, num_classes, changes) -> None:
    write = {10: files.write_cifar10, 100: files.write_cifar100}[num_classes]
    write(tmp_path, per_class=4)
    cfg = Config.fromfile(BASES / f"cifar{num_classes}_imbalanced.py")
    for loader in (cfg.train_dataloader, cfg.val_dataloader):
        loader.dataset.update(changes, data_root=str(tmp_path))
    single = {}
    if "single_label" in changes:
        loss = dict(type="CrossEntropyLoss")
        single = dict(
            head=dict(type="LinearClsHead", in_channels=8, loss=loss, topk=(1,)),
            val_evaluator=dict(type="Accuracy", topk=(1,)),
        )
    runner = train_two_epochs(cfg, tmp_path, num_classes, **single)
    sizes = runner.train_dataloader.dataset.label_counts().positives
    assert sizes[0] > sizes[-1] >= (0 if num_classes == 10 else 1)


def matrices(root: Path) -> list:
    np.save(root / "labels.npy", np.array([[1, 0], [0, 1], [0, 0]]))
    np.save(root / "images.npy", np.array(["a.jpg", "b.jpg", "c.jpg"]))
    return ["single_positive", root / "labels.npy", root / "images.npy", "--meaning", "zero_is_negative"]


def folders(root: Path) -> list:
    for name in ("cat", "dog"):
        (root / "images" / name).mkdir(parents=True)
        (root / "images" / name / f"{name}.jpg").touch()
    return ["folders", root / "images", "--others", "negative"]


def wide_table(root: Path) -> list:
    return ["table", files.write_lines(root / "table.csv", "image,cat,dog", "a.jpg,1,", "b.jpg,0,1")]


def long_table(root: Path) -> list:
    lines = ["image,class,value", "a.jpg,cat,1", "b.jpg,dog,1", "b.jpg,cat,0"]
    return ["table", files.write_lines(root / "table.csv", *lines)]


def json_lists(root: Path) -> list:
    samples = [
        dict(img_path="a.jpg", gt_label=["cat"]),
        dict(img_path="b.jpg", gt_label=[], gt_label_neg=[0]),
    ]
    return [
        "table",
        files.write_json(root / "t.json", dict(metainfo=dict(classes=["cat"]), data_list=samples)),
    ]


def long_tailed(root: Path) -> list:
    convert(*coco(root, "train"), "--out", root / "all_labels")
    return ["long_tailed", root / "all_labels", "--largest", "2", "--smallest", "1"]


def simulated(root: Path) -> list:
    convert(*coco(root, "train"), "--out", root / "all_labels")
    return ["simulate", root / "all_labels", "rps", "--probability", "0.4", "--seed", "3"]


OWN_FILES = [matrices, folders, wide_table, long_table, json_lists, long_tailed, simulated]


@pytest.mark.parametrize("write", OWN_FILES, ids=lambda write: write.__name__)
def test_own_files_train(write, tmp_path) -> None:
    convert(*write(tmp_path), "--out", tmp_path / "train_labels")
    (tmp_path / "val_labels").symlink_to(tmp_path / "train_labels")
    store = LabelStore.open(tmp_path / "train_labels")
    train_two_epochs(from_stores("label_stores", tmp_path), tmp_path, store.num_classes)


def test_sources_with_different_classes_train_together(tmp_path) -> None:
    for name, write in (("voc", voc), ("coco", coco)):
        convert(*write(tmp_path / name / "files", "train"), "--out", tmp_path / name / "labels")
        write_images(LabelStore.open(tmp_path / name / "labels"), tmp_path / name)
    cfg = Config.fromfile(BASES / "label_stores.py")
    pipeline = [dict(type="LoadImageFromFile"), dict(type="Resize", scale=16), dict(type="PackInputs")]
    sources = [
        dict(
            name=name,
            dataset=dict(
                type="PartialLabelDataset",
                ann_file=str(tmp_path / name / "labels"),
                data_prefix=str(tmp_path / name),
                pipeline=pipeline,
            ),
        )
        for name in ("voc", "coco")
    ]
    for loader in (cfg.train_dataloader, cfg.val_dataloader):
        loader.dataset = dict(type="MergedPartialLabels", sources=sources)
    # The 20 classes of VOC, two of which COCO has as well, and one more class of COCO.
    runner = train_two_epochs(cfg, tmp_path, 21)
    dataset = runner.train_dataloader.dataset
    counts = [PartialLabelDataset(source["dataset"]["ann_file"]).label_counts() for source in sources]
    assert dataset.metainfo["classes"][-1] == "toothbrush"
    assert label_counts(dataset).positives.sum() == sum(source.positives.sum() for source in counts)
    assert label_counts(dataset).negatives.sum() == sum(source.negatives.sum() for source in counts)


def test_every_base_config_is_tested() -> None:
    digits = {"digits", "digits_rps50", "multi_mnist", "multi_mnist_rps50"}
    # Tests of projects from tables train with own_images, tests of extracted features with features.
    others = {"label_stores", "cifar10_imbalanced", "cifar100_imbalanced", "own_images", "features"}
    photographs = {"corel5k", "clothing_attributes"}
    assert {path.stem for path in BASES.glob("*.py")} == {*COMMANDS, *digits, *photographs, *others}


def test_cifar100_config_differs_in_root_and_classes_only() -> None:
    ten, hundred = (Config.fromfile(BASES / f"cifar{number}_imbalanced.py") for number in (10, 100))
    for loader in ("train_dataloader", "val_dataloader", "test_dataloader"):
        assert hundred[loader].dataset.num_classes == 100
        hundred[loader].dataset.update(num_classes=10, data_root=ten.data_root)
    hundred.update(num_classes=10, data_root=ten.data_root)
    assert hundred.to_dict() == ten.to_dict()
