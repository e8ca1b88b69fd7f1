"""Features are what the last linear layer gets."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from mmpretrain_imbalance.apis.feature_model import feature_model
from mmpretrain_imbalance.models.image_features import image_features
from tests.apis.drawn_data import write_data

IMAGES = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 255


@pytest.fixture
def cfg(tmp_path: Path) -> Config:
    return write_data(tmp_path)


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
