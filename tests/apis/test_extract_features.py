"""Extraction of features: the numbers of a plain loop, each image once, and resuming after a kill."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmpretrain_imbalance.apis import extract_features, load_trained_model
from mmpretrain_imbalance.datasets import FeatureStore, PartialLabelDataset
from tests.apis.drawn_data import NUM_TRAIN, NUM_VAL, write_checkpoint, write_data
from tests.processes import exit_code


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    cfg = write_data(folder)
    cfg.dump(folder / "config.py")
    write_checkpoint(cfg, folder / "model.pth")
    return folder


@pytest.fixture(scope="module")
def stores(folder: Path) -> Path:
    extract_features(folder / "config.py", folder / "model.pth", out=folder / "stores", device="cpu")
    return folder / "stores"


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("split", ["train", "val"])
def test_features_are_those_before_the_linear_layer(folder: Path, stores: Path, split: str) -> None:
    """Each image is read by OpenCV, normalized and passed to backbone and neck; no augmentation is used."""
    model = load_trained_model(folder / "config.py", folder / "model.pth").model
    store = FeatureStore.open(stores / split)
    expected = []
    for row in range(len(store)):
        image = cv2.imread(str(folder / "images" / store.labels.image_name(row)))
        inputs = (torch.from_numpy(image).permute(2, 0, 1)[None].float() - 120) / 60
        with torch.no_grad():
            expected.append(model.neck(model.backbone(inputs))[0][0].numpy())
    np.testing.assert_allclose(store.features, expected, rtol=1e-4, atol=1e-6)


def test_labels_are_those_of_the_data(folder: Path, stores: Path) -> None:
    for split, number in (("train", NUM_TRAIN), ("val", NUM_VAL)):
        labels = FeatureStore.open(stores / split).labels
        dataset = PartialLabelDataset(str(folder / f"{split}.csv"))
        np.testing.assert_array_equal([labels.dense(row) for row in range(number)], dataset.get_gt_labels())
        assert [labels.image_name(row) for row in range(number)] == [
            f"{split}{row}.png" for row in range(number)
        ]


def test_equal_splits_are_stored_once(folder: Path, stores: Path) -> None:
    before = content(stores)
    again = extract_features(folder / "config.py", folder / "model.pth", out=stores, device="cpu")
    assert again.stores == dict(train="train", val="val", test="val")
    assert again.num_images == dict(train=NUM_TRAIN, val=NUM_VAL)
    assert again.num_computed == dict(train=0, val=0)
    assert again.num_features == 8
    assert not (stores / "test").exists()
    assert content(stores) == before


def test_statistics_are_those_of_the_training_features(stores: Path) -> None:
    features = np.load(stores / "train" / "features.npy").astype(np.float64)
    with np.load(stores / "statistics.npz") as statistics:
        np.testing.assert_allclose(statistics["mean"], features.mean(axis=0), rtol=1e-6)
        np.testing.assert_allclose(statistics["std"], features.std(axis=0), rtol=1e-6)


def extract_and_die(folder: Path, out: Path, batches: int) -> None:
    """Extract features in a process that a signal ends in the middle of writing a batch."""
    from mmpretrain_imbalance.datasets import feature_store_writer

    append = feature_store_writer.FeatureStoreWriter.append
    calls = iter(range(batches))

    def append_or_die(self, features: np.ndarray) -> None:
        if next(calls, None) is None:
            with open(self.folder / "features.npy", "ab") as file:
                file.write(b"part of a batch")
            os.kill(os.getpid(), signal.SIGKILL)
        append(self, features)

    feature_store_writer.FeatureStoreWriter.append = append_or_die
    extract_features(folder / "config.py", folder / "model.pth", out=out, device="cpu")


@pytest.mark.slow
def test_killed_extraction_goes_on(folder: Path, stores: Path, tmp_path: Path) -> None:
    out = tmp_path / "stores"
    assert exit_code(extract_and_die, folder, out, 2) == -signal.SIGKILL
    with pytest.raises(ValueError, match="must be finished"):
        FeatureStore.open(out / "train")
    assert not (out / "config.py").exists()
    done = extract_features(folder / "config.py", folder / "model.pth", out=out, device="cpu")
    assert done.num_computed == dict(train=NUM_TRAIN - 8, val=NUM_VAL)
    assert content(out) == {name: value for name, value in content(stores).items() if "work_dirs" not in name}


def test_half_precision_and_single_splits(folder: Path, tmp_path: Path, stores: Path) -> None:
    cfg = Config.fromfile(folder / "config.py")
    done = extract_features(
        cfg, folder / "model.pth", out=tmp_path, splits=["test"], dtype="float16", device="cpu"
    )
    assert (done.stores, done.config) == (dict(test="test"), None)
    expected = FeatureStore.open(stores / "val").features.astype(np.float16)
    np.testing.assert_array_equal(FeatureStore.open(tmp_path / "test").features, expected)
    assert not (tmp_path / "statistics.npz").exists()


def test_other_settings_are_rejected_by_name(folder: Path, stores: Path, tmp_path: Path) -> None:
    cfg = Config.fromfile(folder / "config.py")
    other = write_checkpoint(cfg, tmp_path / "other.pth", seed=4)
    with pytest.raises(ValueError, match=r"differs in: weights \(\w+, now \w+\)\."):
        extract_features(cfg, other, out=stores, device="cpu")
    with pytest.raises(ValueError, match=r"differs in: dtype \(float32, now float16\)\."):
        extract_features(cfg, folder / "model.pth", out=stores, dtype="float16", device="cpu")
    cfg.val_dataloader.dataset.pipeline = cfg.test_dataloader.dataset.pipeline = [
        dict(type="LoadImageFromFile"),
        dict(type="Resize", scale=(8, 8)),
        dict(type="PackInputs"),
    ]
    with pytest.raises(ValueError, match=r"differs in: dataset"):
        extract_features(cfg, folder / "model.pth", out=stores, device="cpu")


def test_wrong_arguments(folder: Path, tmp_path: Path) -> None:
    cfg = Config.fromfile(folder / "config.py")
    with pytest.raises(ValueError, match="'dtype' argument of extract_features"):
        extract_features(cfg, out=tmp_path, dtype="int8")
    with pytest.raises(ValueError, match="'splits' argument of extract_features"):
        extract_features(cfg, out=tmp_path, splits=["all"])
    with pytest.raises(ValueError, match="'device' argument of extract_features"):
        extract_features(cfg, folder / "model.pth", out=tmp_path, device="cuda:99")
    cfg.pop("train_dataloader")
    with pytest.raises(ValueError, match=r"must name splits of the config\. Got \['train'\]"):
        extract_features(cfg, out=tmp_path, splits=["train"])
    assert list(tmp_path.iterdir()) == []
