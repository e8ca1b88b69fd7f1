"""Model of stored features: where its weights come from, and which features it has."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from mmpretrain_imbalance.apis.feature_model import feature_model, image_features, weights_fingerprint
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


def test_hidden_layers_of_the_head_belong_to_the_features(cfg: Config) -> None:
    cfg.model.neck = None
    cfg.model.backbone.pool = "mean"
    cfg.model.head = dict(
        type="StackedLinearClsHead", num_classes=3, in_channels=8, mid_channels=[6], topk=(1,)
    )
    model = feature_model(cfg, None, IMAGES, random_weights=True)
    features = image_features(model, IMAGES)
    assert features.shape == (2, 6)
    inputs = (IMAGES - 120) / 60
    with torch.no_grad():
        torch.testing.assert_close(model.head.fc(features), model.head(model.backbone(inputs)))


def test_maps_are_averaged(cfg: Config) -> None:
    cfg.model.neck = None
    model = feature_model(cfg, None, IMAGES, random_weights=True)
    with torch.no_grad():
        maps = model.backbone((IMAGES - 120) / 60)[0]
    torch.testing.assert_close(image_features(model, IMAGES), maps.mean(dim=(2, 3)))


def test_model_of_timm(cfg: Config) -> None:
    cfg.model = dict(
        type="TimmClassifier",
        model_name="test_resnet",
        num_classes=3,
        loss=dict(type="CrossEntropyLoss"),
        data_preprocessor=cfg.model.data_preprocessor,
    )
    model = feature_model(cfg, None, IMAGES, random_weights=True)
    features = image_features(model, IMAGES)
    with torch.no_grad():
        torch.testing.assert_close(model.model.get_classifier()(features), model.model((IMAGES - 120) / 60))


def test_other_models(cfg: Config) -> None:
    cfg.model = dict(type="HiViTx")
    with pytest.raises(KeyError):
        feature_model(cfg, None, IMAGES)
    with pytest.raises(ValueError, match="must have a 'model' field"):
        feature_model(Config(), None, IMAGES)
