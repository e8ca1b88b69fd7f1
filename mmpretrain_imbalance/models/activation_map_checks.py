"""Argument checks of the heads that use class activation maps."""

from __future__ import annotations

import math

from torch import Tensor


def check_boost_factor(factor: float, caller: str) -> None:
    """Raise unless a BoostLU factor is valid.

    Args:
        factor: The factor.
        caller: Name of the head, for the message.

    Raises:
        ValueError: If the factor is not a finite number of at least 1.
    """
    if isinstance(factor, bool) or not isinstance(factor, (int, float)) or not 1 <= factor < math.inf:
        raise ValueError(
            f"The 'boost_lu' argument of {caller} must be a number of at least 1: 5 is the published factor, "
            f"1 switches BoostLU off. Got {factor!r} instead."
        )


def check_feature_maps(features: Tensor, caller: str) -> Tensor:
    """Raise unless features are maps, that is, were not pooled before the head.

    Args:
        features: Features of the last stage.
        caller: Name of the head, for the message.

    Returns:
        The features.

    Raises:
        ValueError: If the features do not have the shape (N, D, H, W).
    """
    if features.ndim != 4:
        raise ValueError(
            f"The 'feats' argument of {caller} must end in feature maps of shape (N, D, H, W). Got the shape "
            f"{tuple(features.shape)} instead. Remove the pooling from the backbone or the neck: the head "
            "averages the maps itself."
        )
    return features
