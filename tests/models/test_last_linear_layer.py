"""The last linear layer is found by its logits; other heads are rejected with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmpretrain.registry import MODELS
from torch import nn

from mmpretrain_imbalance.models.last_linear_layer import last_linear_layer
from tests.apis.drawn_data import write_data

IMAGES = torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 255
BCE = dict(type="PartialAsymmetricLoss")


@pytest.fixture
def cfg(tmp_path: Path) -> Config:
    return write_data(tmp_path)


def build(cfg: Config) -> nn.Module:
    """Build a model with random weights, whose layers are all different."""
    with DefaultScope.overwrite_default_scope("mmpretrain"):
        model = MODELS.build(cfg.model)
    generator = torch.Generator().manual_seed(0)
    for weight in model.parameters():
        weight.data.copy_(torch.randn(weight.shape, generator=generator))
    return model.eval()


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (dict(type="LinearClsHead", topk=(1,)), "head.fc"),
        (dict(type="MultiLabelLinearClsHead"), "head.fc"),
        (dict(type="PartialLabelLinearClsHead", loss=BCE), "head.fc"),
        (dict(type="ActiveClassesLinearClsHead", loss=BCE), "head.fc"),
        (dict(type="StackedLinearClsHead", mid_channels=[3, 6], topk=(1,)), "head.layers.2.fc"),
    ],
)
def test_heads_of_one_linear_layer(cfg: Config, head: dict, name: str) -> None:
    cfg.model.head = dict(head, num_classes=3, in_channels=8)
    assert last_linear_layer(build(cfg), IMAGES) == name


def test_head_that_averages_maps(cfg: Config) -> None:
    cfg.model.neck = None
    cfg.model.head = dict(type="PartialLabelLinearClsHead", num_classes=3, in_channels=8, loss=BCE)
    assert last_linear_layer(build(cfg), IMAGES) == "head.fc"


@pytest.mark.parametrize("hidden_dim", [None, 3])
@pytest.mark.parametrize("head", ["VisionTransformerClsHead", "DeiTClsHead"])
def test_vision_transformers(cfg: Config, head: str, hidden_dim: int | None) -> None:
    is_deit = head.startswith("DeiT")
    cfg.model.neck = None
    cfg.model.backbone = dict(
        type="DistilledVisionTransformer" if is_deit else "VisionTransformer",
        arch=dict(embed_dims=6, num_layers=1, num_heads=2, feedforward_channels=8),
        img_size=16,
        patch_size=8,
    )
    cfg.model.head = dict(type=head, num_classes=3, in_channels=6, hidden_dim=hidden_dim, topk=(1,))
    model = build(cfg)
    if is_deit:  # the mean of two layers
        with pytest.raises(
            ValueError, match=r"Got DeiTClsHead instead, whose logits differ from .* by up to"
        ):
            last_linear_layer(model, IMAGES)
    else:
        assert last_linear_layer(model, IMAGES) == "head.layers.head"


def test_model_of_timm(cfg: Config) -> None:
    loss, preprocessor = dict(type="CrossEntropyLoss"), cfg.model.data_preprocessor
    cfg.model = dict(
        type="TimmClassifier",
        model_name="test_resnet",
        num_classes=3,
        loss=loss,
        data_preprocessor=preprocessor,
    )
    assert last_linear_layer(build(cfg), IMAGES) == "model.fc"


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (dict(type="PartialLabelCSRAClsHead", num_heads=1, lam=0.1, loss=BCE), "no nn.Linear with 8 inputs"),
        (dict(type="CSRAClsHead", num_heads=1, lam=0.1), "no nn.Linear with 8 inputs and 3 outputs"),
        (
            dict(type="PartialLabelLinearClsHead", boost_lu=5.0, loss=BCE),
            "'head.fc' .*boost_lu=5.0 must be 1",
        ),
        (dict(type="ArcFaceClsHead"), "logits differ from those of the layer 'head.norm_product'"),
    ],
)
def test_other_heads_are_rejected(cfg: Config, head: dict, message: str) -> None:
    if "CSRA" in head["type"] or "boost_lu" in head:
        cfg.model.neck = None
    cfg.model.head = dict(head, num_classes=3, in_channels=8)
    with pytest.raises(ValueError, match=f"Got {head['type']} instead.*{message}"):
        last_linear_layer(build(cfg), IMAGES)


def test_a_head_of_several_tasks_is_rejected(cfg: Config) -> None:
    task = dict(type="LinearClsHead", num_classes=3, topk=(1,))
    cfg.model.head = dict(type="MultiTaskHead", task_heads=dict(a=task, b=task), in_channels=8)
    with pytest.raises(ValueError, match=r"Got MultiTaskHead instead"):
        last_linear_layer(build(cfg), IMAGES)


def test_a_layer_without_bias_is_rejected(cfg: Config) -> None:
    model = build(cfg)
    model.head.fc.bias = None
    with pytest.raises(ValueError, match=r"'head.fc' of .* must have a bias.*Got bias=False instead. Build"):
        last_linear_layer(model, IMAGES)


def test_a_broken_layer_is_rejected(cfg: Config) -> None:
    model = build(cfg)
    model.head.fc.register_forward_hook(lambda module, arguments, result: result + 0.1 * result[:, :1])
    with pytest.raises(ValueError, match="logits differ"):
        last_linear_layer(model, IMAGES)
