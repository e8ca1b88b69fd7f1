"""Config beside stored features: it trains at once, wherever the folder is."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config
from mmengine.runner import Runner

from mmpretrain_imbalance.apis import load_trained_model
from mmpretrain_imbalance.apis.feature_config import feature_config, write_feature_config
from mmpretrain_imbalance.datasets import FeatureStore
from tests.datasets.stored_features import draw, write_store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    features, labels = draw(24, "float16")
    write_store(tmp_path / "stores" / "train", features, labels)
    write_store(tmp_path / "stores" / "val", features[:8], labels[:8])
    np.savez(tmp_path / "stores" / "statistics.npz", mean=np.full(5, 0.5), std=np.full(5, 2.0))
    store = FeatureStore.open(tmp_path / "stores" / "train")
    write_feature_config(tmp_path / "stores", dict(train="train", val="val", test="val"), store)
    return (tmp_path / "stores").rename(tmp_path / "moved")


def test_it_trains_and_its_checkpoint_needs_no_statistics(folder: Path) -> None:
    cfg = Config.fromfile(folder / "config.py")
    assert cfg.work_dir == str(folder / "work_dirs")
    cfg.train_cfg = dict(by_epoch=True, max_epochs=2, val_interval=2)
    cfg.train_dataloader.batch_size = 8
    cfg.log_level, cfg.experiment_name = "ERROR", folder.parent.name
    runner = Runner.from_cfg(cfg)
    runner.train()
    assert runner.iter == 6
    assert "partial-label/mAP" in "".join(runner.message_hub.log_scalars)
    groups = runner.optim_wrapper.optimizer.param_groups
    assert [group["initial_lr"] for group in groups] == pytest.approx([2e-3, 0.2])
    runner.save_checkpoint(str(folder), "model.pth")
    (folder / "statistics.npz").unlink()
    model = load_trained_model(folder / "config.py", folder / "model.pth").model
    np.testing.assert_array_equal(model.backbone.std, np.full(5, 2.0))


def test_an_existing_config_is_not_changed(folder: Path) -> None:
    (folder / "config.py").write_text("# mine\n")
    write_feature_config(folder, dict(train="train", val="val"), FeatureStore.open(folder / "train"))
    assert (folder / "config.py").read_text() == "# mine\n"


@pytest.mark.parametrize(
    ("stores", "names"),
    [
        (dict(train="train", val="val", test="test"), ["train", "val", "test"]),
        (dict(train="train", val="val"), ["train", "val", "val"]),
        (dict(train="train", test="test"), ["train", "test", "test"]),
        (dict(train="train", val="train", test="train"), ["train", "train", "train"]),
    ],
)
def test_missing_splits_are_replaced(folder: Path, stores: dict, names: list) -> None:
    shutil.rmtree(folder / "val")
    (folder / "config.py").write_text(feature_config(stores, 5, 3))
    cfg = Config.fromfile(folder / "config.py")
    assert [cfg[f"{split}_dataloader"].dataset.ann_file for split in ("train", "val", "test")] == names
