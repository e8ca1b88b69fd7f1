"""Backbone for stored features: it only standardizes them."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import torch
from mmengine.model import BaseModule
from mmpretrain.registry import MODELS
from torch import Tensor

from mmpretrain_imbalance.utils.argument_checks import check_integer
from mmpretrain_imbalance.utils.array_files import load_archive


@MODELS.register_module()
class FeatureBackbone(BaseModule):
    r"""Standardizes stored features; it has no weights to train.

    .. math:: z_d = (x_d - \mu_d) / \sigma_d

    with mean and standard deviation of the training features. A feature with :math:`\sigma_d = 0` is only
    centered. Both are buffers, which every checkpoint contains: the file is read when a training starts, and
    a model that is loaded from a checkpoint does not need it.

    Args:
        in_channels: Number of features D.
        statistics: File with the arrays ``mean`` and ``std``, each of shape (D,), as
            ``tools/extract_features.py`` writes it; None leaves features as they are.
        init_cfg: MMEngine's config of the weight initialization.

    Raises:
        FileNotFoundError: In ``init_weights``, if the file does not exist.
        ValueError: If ``in_channels`` is not a positive integer; in ``init_weights``, if the file does not
            have the statistics of D features; in ``forward``, if there are not D features.

    Example:
        >>> backbone = FeatureBackbone(in_channels=3)
        >>> backbone(torch.ones(2, 3, dtype=torch.float16))[0].dtype
        torch.float32
    """

    def __init__(
        self,
        in_channels: int,
        statistics: str | os.PathLike[str] | None = None,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        check_integer("FeatureBackbone", 1, in_channels=in_channels)
        self.in_channels = in_channels
        self.statistics = statistics
        self.register_buffer("mean", torch.zeros(in_channels))
        self.register_buffer("std", torch.ones(in_channels))

    def init_weights(self) -> None:
        """Read mean and standard deviation. The Runner calls this at the start of a training."""
        super().init_weights()
        if self.statistics is None:
            return
        mean, std = read_statistics(self.statistics, self.in_channels)
        self.mean.copy_(torch.from_numpy(mean))
        self.std.copy_(torch.from_numpy(np.where(std > 0, std, 1.0)))

    def forward(self, features: Tensor) -> tuple[Tensor]:
        """Standardize features.

        Args:
            features: Features of shape (N, D), of any floating type.

        Returns:
            One tensor in float32, of shape (N, D).
        """
        if features.ndim != 2 or features.shape[1] != self.in_channels:
            raise ValueError(
                f"The 'features' argument of FeatureBackbone must be of shape (N, {self.in_channels}), as "
                f"in_channels says. Got {tuple(features.shape)} instead."
            )
        return ((features.float() - self.mean) / self.std,)


def read_statistics(path: str | os.PathLike[str], num_features: int) -> tuple[np.ndarray, np.ndarray]:
    """Read mean and standard deviation of features.

    Args:
        path: A file of ``numpy.savez`` with the arrays ``mean`` and ``std``.
        num_features: Number of features D.

    Returns:
        Mean and standard deviation, each of shape (D,).

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If it does not have the statistics of D features.
    """
    found = "a file that cannot be read"
    try:
        arrays = load_archive(path)
        mean, std = arrays["mean"], arrays["std"]
        found = f"arrays of shape {mean.shape} and {std.shape}"
        is_valid = mean.shape == std.shape == (num_features,) and bool(
            np.isfinite(mean).all() and np.isfinite(std).all() and (std >= 0).all()
        )
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"The 'statistics' argument of FeatureBackbone must be an existing file. Got {str(path)!r} "
            "instead. tools/extract_features.py writes it as statistics.npz."
        ) from error
    except (KeyError, TypeError, ValueError):
        is_valid = False
    if not is_valid:
        raise ValueError(
            "The 'statistics' argument of FeatureBackbone must be a file with the finite 'mean' and 'std' of "
            f"{num_features} features. Got {str(path)!r} instead, with {found}."
        )
    return mean, std
