"""A backbone for images of handwritten digits."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule, Sequential
from mmpretrain.registry import MODELS
from torch import Tensor, nn


@MODELS.register_module()
class SmallConvNet(BaseModule):
    """A few stages of convolution 3 x 3, max-pooling by 2, batch normalization and ReLU.

    Pooling comes before the normalization, which so has a quarter of the work, and all weights are in the
    ``channels_last`` format: together they halve the time of a step on a CPU. There is no dropout, so that a
    step depends on its batch and weights alone.

    Args:
        in_channels: Channels of the image.
        channels: Channels of each stage.
        pool: ``'max'`` or ``'mean'`` over the last map, as ``MultiLabelLinearClsHead`` wants it, or ``None``
            for the map itself, as ``CSRAClsHead`` wants it. Small things in a large image need ``'max'``.
        init_cfg: Initialization of the weights, of MMEngine.

    Raises:
        ValueError: If there is no stage, or the pooling is another.

    Example:
        >>> images = torch.rand(2, 1, 32, 32)
        >>> [tuple(features.shape) for features in SmallConvNet(channels=(8, 16))(images)]
        [(2, 16)]
        >>> [tuple(features.shape) for features in SmallConvNet(channels=(8, 16), pool=None)(images)]
        [(2, 16, 8, 8)]
    """

    def __init__(
        self,
        in_channels: int = 1,
        channels: Sequence[int] = (16, 32, 64),
        pool: str | None = "max",
        init_cfg: dict | list | None = (
            dict(type="Kaiming", layer="Conv2d", mode="fan_out"),
            dict(type="Constant", layer="BatchNorm2d", val=1),
        ),
    ) -> None:
        super().__init__(init_cfg=list(init_cfg) if isinstance(init_cfg, tuple) else init_cfg)
        if not channels:
            raise ValueError(
                "The 'channels' argument of SmallConvNet must be the width of one stage or more. Got "
                f"{channels} instead."
            )
        if pool not in ("max", "mean", None):
            raise ValueError(
                f"The 'pool' argument of SmallConvNet must be 'max', 'mean' or None. Got {pool!r} instead."
            )
        self.stages = Sequential(
            *(_stage(before, after) for before, after in zip((in_channels, *channels), channels))
        )
        self.pool = pool
        self.to(memory_format=torch.channels_last)

    def forward(self, images: Tensor) -> tuple[Tensor]:
        """Compute the features.

        Args:
            images: Of shape (N, ``in_channels``, H, W).

        Returns:
            One tensor of shape (N, D), or (N, D, h, w) with ``pool=None``; D is the width of the last stage,
            and each stage halves height and width.
        """
        features = self.stages(images)
        if self.pool is None:
            return (features,)
        return (features.amax(dim=(2, 3)) if self.pool == "max" else features.mean(dim=(2, 3)),)


def _stage(in_channels: int, out_channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1, bias=False),
        nn.MaxPool2d(2),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    )
