"""ResNet with three stages, against one that is written out by hand."""

from __future__ import annotations

import pytest
import torch
from mmengine.config import Config
from mmpretrain.registry import MODELS
from torch import nn
from torch.nn import functional as F

from mmpretrain_imbalance.models import ThreeStageResNet
from tests.configs.compared_protocols import PROTOCOLS


class PlainBlock(nn.Module):
    """Two convolutions and a shortcut without weights, He et al., Section 4.2, option A."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride=after // before, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(after)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        changed = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(maps)))))
        count, channels = changed.shape[1], maps.shape[1]
        shortcut = torch.zeros_like(changed)
        first = (count - channels) // 2
        step = maps.shape[2] // changed.shape[2]
        shortcut[:, first : first + channels] = maps[:, :, ::step, ::step]
        return F.relu(changed + shortcut)


def plain_resnet(depth: int, width: int) -> nn.Sequential:
    channels = [count for count in (width, 2 * width, 4 * width) for _ in range((depth - 2) // 6)]
    stem = [nn.Conv2d(3, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
    return nn.Sequential(*stem, *map(PlainBlock, [width, *channels[:-1]], channels))


@pytest.mark.parametrize(("depth", "width"), [(32, 4), (20, 8)])
def test_equals_the_network_that_is_written_out(depth: int, width: int) -> None:
    torch.manual_seed(0)
    plain = plain_resnet(depth, width).eval()
    for module in plain.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.running_mean, -0.5, 0.5)
    backbone = ThreeStageResNet(depth, base_channels=width)
    backbone.train(False)
    values = list(plain.state_dict().values())
    assert [value.shape for value in backbone.state_dict().values()] == [value.shape for value in values]
    backbone.load_state_dict(dict(zip(backbone.state_dict(), values)))
    images = torch.rand(2, 3, 32, 32)
    (features,) = backbone(images)
    assert features.shape == (2, 4 * width, 8, 8)
    torch.testing.assert_close(features, plain(images))


def test_every_weight_is_initialized_and_gets_a_gradient() -> None:
    torch.manual_seed(0)
    backbone = ThreeStageResNet(depth=8, base_channels=4)
    backbone.init_weights()
    backbone(torch.rand(4, 3, 32, 32))[0].square().sum().backward()
    for name, parameter in backbone.named_parameters():
        assert parameter.grad.any(), name
        assert parameter.ndim > 1 or name.endswith("bias") or (parameter == 1).all(), name


def test_weights_stay_channels_last_after_loading() -> None:
    backbone = ThreeStageResNet(depth=8, base_channels=4)
    backbone.load_state_dict({key: value.contiguous() for key, value in backbone.state_dict().items()})
    assert backbone.layer2[0].conv1.weight.is_contiguous(memory_format=torch.channels_last)


def test_config_builds_the_network_of_the_papers() -> None:
    cfg = Config.fromfile(PROTOCOLS.parent / "models" / "cifar_resnet32.py")
    model = MODELS.build(
        {**cfg.model, "head": {**cfg.model.head, "num_classes": 10, "loss": dict(type="LDAMLoss")}}
    )
    assert len([module for module in model.modules() if isinstance(module, (nn.Conv2d, nn.Linear))]) == 32
    assert number_of_parameters(model) == pytest.approx(0.46e6, abs=0.005e6)


@pytest.mark.parametrize(("depth", "millions"), [(20, 0.27), (44, 0.66), (56, 0.85), (110, 1.7)])
def test_has_the_number_of_parameters_of_the_paper(depth: int, millions: float) -> None:
    # He et al., Table 6, with a linear layer for 10 classes.
    number = number_of_parameters(ThreeStageResNet(depth)) + 64 * 10 + 10
    assert f"{number / 1e6:.2f}".startswith(str(millions))


def number_of_parameters(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def test_raises_at_another_depth() -> None:
    with pytest.raises(ValueError, match=r"'depth' argument of ThreeStageResNet must be 6 n \+ 2, .* Got 18"):
        ThreeStageResNet(depth=18)
