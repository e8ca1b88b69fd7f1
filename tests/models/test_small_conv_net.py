"""Backbone for images of digits."""

from __future__ import annotations

import pytest
import torch
from mmpretrain.registry import MODELS

from mmpretrain_imbalance.models import SmallConvNet


def test_pooled_features_are_the_mean_of_the_map():
    torch.manual_seed(0)
    backbone = MODELS.build(dict(type="SmallConvNet", channels=(4, 8), pool=None)).eval()
    images = torch.rand(3, 1, 16, 16)
    (maps,) = backbone(images)
    maps = maps.detach()
    assert maps.shape == (3, 8, 4, 4)
    backbone.pool = "mean"
    expected = [[channel.sum() / 16 for channel in image] for image in maps]
    torch.testing.assert_close(backbone(images)[0].detach(), torch.tensor(expected))


def test_all_weights_are_initialized_and_get_gradients():
    backbone = SmallConvNet(in_channels=3, channels=(4, 8))
    backbone.init_weights()
    (features,) = backbone(torch.rand(2, 3, 16, 16))
    features.square().sum().backward()
    for parameter in backbone.parameters():
        assert parameter.grad.isfinite().all()
        assert parameter.grad.any()


def test_weights_stay_channels_last_after_loading():
    backbone = SmallConvNet(in_channels=2, channels=(4, 8))
    backbone.load_state_dict({key: value.contiguous() for key, value in backbone.state_dict().items()})
    assert backbone.stages[1][0].weight.is_contiguous(memory_format=torch.channels_last)


def test_raises_without_stages():
    with pytest.raises(ValueError, match="'channels' argument of SmallConvNet"):
        SmallConvNet(channels=())
