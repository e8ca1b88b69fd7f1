"""ResNet with three stages for images of 32 pixels, such as the ResNet-32 of the papers on long tails."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from mmpretrain.models.backbones import ResNet_CIFAR
from mmpretrain.models.backbones.resnet import BasicBlock
from mmpretrain.registry import MODELS
from torch import Tensor, nn
from torch.nn import functional as F


@MODELS.register_module()
class ThreeStageResNet(ResNet_CIFAR):
    r"""The ResNet of He et al. for CIFAR: a convolution, and three stages of n basic blocks each.

    .. math:: \text{depth} = 6 n + 2

    The second and the third stage halve height and width and double the channels. Their shortcuts have no
    weights: they take every second pixel and add channels of zeros (option A of the paper). Everything else
    is MMPretrain's ``ResNet_CIFAR``. All weights are in the ``channels_last`` format, which is faster on a
    CPU. ResNet-32 with 16 channels has 464,154 parameters with a linear layer for 10 classes.

    Source: He et al., CVPR 2016 (arXiv 1512.03385), Section 4.2.

    Args:
        depth: Number of layers 6 n + 2, from 8 to 110; the paper has 20, 32, 44, 56 and 110.
        base_channels: Number of channels of the first stage.
        **kwargs: ``in_channels``, ``norm_cfg``, ``norm_eval``, ``with_cp``, ``init_cfg`` and the others of
            ``ResNet_CIFAR``.

    Raises:
        ValueError: If the depth is not 6 n + 2.

    Example:
        >>> backbone = ThreeStageResNet(depth=32)
        >>> sum(parameter.numel() for parameter in backbone.parameters()) + 64 * 10 + 10
        464154
        >>> [tuple(features.shape) for features in backbone(torch.rand(2, 3, 32, 32))]
        [(2, 64, 8, 8)]
    """

    arch_settings: ClassVar[dict[int, Any]] = {6 * n + 2: (BasicBlock, (n, n, n)) for n in range(1, 19)}

    def __init__(self, depth: int = 32, *, base_channels: int = 16, **kwargs: Any) -> None:
        if depth not in self.arch_settings:
            raise ValueError(
                "The 'depth' argument of ThreeStageResNet must be 6 n + 2, such as 20, 32, 44, 56 or 110. "
                f"Got {depth!r} instead."
            )
        settings = dict(
            num_stages=3,
            strides=(1, 2, 2),
            dilations=(1, 1, 1),
            out_indices=(2,),
            stem_channels=base_channels,
            base_channels=base_channels,
            # The paper starts the last normalization of a block at 1, not at 0.
            zero_init_residual=False,
        )
        super().__init__(depth, **{**settings, **kwargs})
        self.to(memory_format=torch.channels_last)

    def make_res_layer(self, **kwargs: Any) -> nn.Module:
        """Build a stage of MMPretrain, with a shortcut without weights in its first block."""
        stage: Any = super().make_res_layer(**kwargs)
        if stage[0].downsample is not None:
            stage[0].downsample = PaddedShortcut(
                kwargs["out_channels"] - kwargs["in_channels"], kwargs["stride"]
            )
        return stage


class PaddedShortcut(nn.Module):
    """Shortcut without weights: every ``stride``-th pixel, and channels of zeros.

    Args:
        num_zeros: Number of the channels of zeros, half of them before the channels of the input.
        stride: Distance of the pixels.

    Example:
        >>> PaddedShortcut(num_zeros=2, stride=2)(torch.ones(1, 1, 4, 4)).sum(dim=(2, 3))
        tensor([[0., 4., 0.]])
    """

    def __init__(self, num_zeros: int, stride: int) -> None:
        super().__init__()
        self.num_zeros = num_zeros
        self.stride = stride

    def forward(self, images: Tensor) -> Tensor:
        """Compute the maps of the shortcut."""
        before = self.num_zeros // 2
        pixels = images[:, :, :: self.stride, :: self.stride]
        return F.pad(pixels, (0, 0, 0, 0, before, self.num_zeros - before))
