"""Backbones by name: channels, sizes and normalization of MMPretrain and timm."""

from __future__ import annotations

import pytest
import timm
from mmpretrain.apis.model import ModelHub

from mmpretrain_imbalance.apis.project.backbone_choice import choose_backbone


@pytest.mark.parametrize(
    ("name", "full_name"),
    [
        ("resnet18", "resnet18_8xb32_in1k"),
        ("mobilenet-v2", "mobilenet-v2_8xb32_in1k"),
        ("shufflenet-v2-1x", "shufflenet-v2-1x_16xb64_in1k"),
        ("deit-tiny_4xb256_in1k", "deit-tiny_4xb256_in1k"),
    ],
)
def test_networks_of_mmpretrain(name: str, full_name: str) -> None:
    choice, index = choose_backbone(name), ModelHub.get(full_name)
    config = index.config
    assert choice.name == full_name
    assert choice.in_channels == config.model.head.in_channels
    assert choice.weights == index.weights
    assert (choice.neck is None) == (config.model.get("neck") is None)
    assert choice.image_size == config.test_dataloader.dataset.pipeline[2].crop_size == 224
    assert (choice.mean, choice.std) == (config.data_preprocessor.mean, config.data_preprocessor.std)
    assert choice.to_rgb is config.data_preprocessor.to_rgb


@pytest.mark.parametrize("name", ["timm/test_efficientnet", "test_resnet", "timm/test_convnext.r160_in1k"])
def test_networks_of_timm(name: str) -> None:
    choice, plain_name = choose_backbone(name), name.removeprefix("timm/")
    network = timm.create_model(plain_name)
    assert choice.name == f"timm/{plain_name}"
    assert choice.in_channels == network.num_features
    assert choice.image_size == network.pretrained_cfg["input_size"][-1]
    assert choice.mean == pytest.approx([255 * value for value in network.pretrained_cfg["mean"]], abs=1e-3)
    assert choice.std == pytest.approx([255 * value for value in network.pretrained_cfg["std"]], abs=1e-3)


def test_another_image_size_changes_the_positions_of_a_transformer() -> None:
    choice = choose_backbone("deit-tiny", image_size=64)
    assert choice.image_size == choice.backbone["img_size"] == 64


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("resnet5x", "Did you mean .*'resnet50'"),
        ("timm/test_resnt", "Did you mean .*'timm/test_resnet'"),
        ("timm/test_vit", r"features have the shape \(2, \d+, 64\) .*mmpretrain.list_models"),
        ("mae_vit-base-p16_8xb512-amp-coslr-300e_in1k", "must be a classifier.*'MAE'"),
    ],
)
def test_unusable_names_raise(name: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        choose_backbone(name)


def test_too_small_images_raise() -> None:
    with pytest.raises(
        ValueError, match=r"must be a size that edgenext-xxsmall_3rdparty_in1k accepts. Got 4"
    ):
        choose_backbone("edgenext-xxsmall", image_size=4)
