"""Model of stored features: where its weights come from."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from mmpretrain_imbalance.apis.feature_model import feature_model, weights_fingerprint
from mmpretrain_imbalance.models.image_features import image_features
from tests.apis.drawn_data import write_checkpoint, write_data

IMAGES = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 255


@pytest.fixture
def cfg(tmp_path: Path) -> Config:
    return write_data(tmp_path)


def test_random_weights_are_rejected(cfg: Config) -> None:
    with pytest.raises(ValueError, match=r"must be given, unless .* Got None instead, and 'backbone\.stages"):
        feature_model(cfg, None, IMAGES)
    first, second = (feature_model(cfg, None, IMAGES, random_weights=True) for _ in range(2))
    assert weights_fingerprint(first) == weights_fingerprint(second)


def test_weights_of_the_config(cfg: Config, tmp_path: Path) -> None:
    path = str(write_checkpoint(cfg, tmp_path / "model.pth"))
    expected = image_features(feature_model(cfg, path, IMAGES), IMAGES)
    cfg.load_from = path
    assert torch.equal(image_features(feature_model(cfg, None, IMAGES), IMAGES), expected)
    cfg.load_from = None
    cfg.model.backbone.init_cfg = dict(type="Pretrained", checkpoint=path, prefix="backbone.")
    assert torch.equal(image_features(feature_model(cfg, None, IMAGES), IMAGES), expected)


def test_classifier_may_be_another_one(cfg: Config, tmp_path: Path) -> None:
    path = str(write_checkpoint(cfg, tmp_path / "model.pth"))
    expected = image_features(feature_model(cfg, path, IMAGES), IMAGES)
    cfg.model.head.num_classes = 7
    assert torch.equal(image_features(feature_model(cfg, path, IMAGES), IMAGES), expected)


def test_incomplete_checkpoint_is_rejected(cfg: Config, tmp_path: Path) -> None:
    path = write_checkpoint(cfg, tmp_path / "model.pth")
    stored = torch.load(path)
    del stored["state_dict"]["backbone.stages.1.0.weight"]
    torch.save(stored, path)
    with pytest.raises(ValueError, match=r"every weight of the features\. Got none for 'backbone\.stages\.1"):
        feature_model(cfg, str(path), IMAGES)
    with pytest.raises(FileNotFoundError, match="does not exist"):
        feature_model(cfg, str(tmp_path / "absent.pth"), IMAGES)
    path.write_text("no checkpoint")
    with pytest.raises(ValueError, match="must contain the weights of a model"):
        feature_model(cfg, str(path), IMAGES)


def test_other_models(cfg: Config) -> None:
    cfg.model = dict(type="HiViTx")
    with pytest.raises(KeyError):
        feature_model(cfg, None, IMAGES)
    with pytest.raises(ValueError, match="must have a 'model' field"):
        feature_model(Config(), None, IMAGES)
