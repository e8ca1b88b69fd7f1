"""Search for the linear layer with which a model ends."""

from __future__ import annotations

from typing import Any

import torch
from mmengine.model import BaseModel
from torch import Tensor, nn
from torch.nn.functional import linear

from mmpretrain_imbalance.models.image_features import image_features

#: Largest difference of two logits that count as equal, as a fraction of the largest logit.
_TOLERANCE = 1e-3


@torch.no_grad()
def last_linear_layer(model: BaseModel, images: Tensor) -> str:
    r"""Find the ``nn.Linear`` that computes the logits of a model from its features.

    The layer is found by its result, so that the head may be any: it is the layer with

    .. math:: W f_n + b = \text{logits}_n

    for the features :math:`f_n` of :func:`image_features` and the logits of some images.

    Args:
        model: A classifier, in evaluation mode.
        images: Some images as the data loader gives them, of shape (N, 3, H, W).

    Returns:
        Name of the layer, for ``model.get_submodule``.

    Raises:
        ValueError: If no layer computes the logits from the features, or the layer has no bias.

    Example:
        >>> from mmpretrain.registry import MODELS
        >>> import mmpretrain_imbalance
        >>> model = MODELS.build(dict(
        ...     type='mmpretrain.ImageClassifier', backbone=dict(type='FeatureBackbone', in_channels=4),
        ...     data_preprocessor=dict(type='PartialLabelDataPreprocessor'),
        ...     head=dict(type='PartialLabelLinearClsHead', num_classes=3, in_channels=4)))
        >>> last_linear_layer(model.eval(), torch.rand(2, 4))
        'head.fc'
    """
    head = type(getattr(model, "head", None) or getattr(model, "model", None) or model).__name__
    requirement = "A head that is refitted must compute its logits with one nn.Linear from its features."
    try:
        features = image_features(model, images)
    except ValueError as error:
        raise ValueError(f"{requirement} Got {head} instead. {error}") from error
    logits = _logits(model, images)
    if logits is None:
        raise ValueError(f"{requirement} Got {head} instead, which does not return logits of shape (N, C).")
    shape = (logits.shape[1], features.shape[1])
    layers = {
        name: layer
        for name, layer in model.named_modules()
        if isinstance(layer, nn.Linear) and layer.weight.shape == shape
    }
    if not layers:
        raise ValueError(
            f"{requirement} Got {head} instead, which has no nn.Linear with {shape[1]} inputs and {shape[0]} "
            "outputs."
        )
    differences = {
        name: float((linear(features, layer.weight, layer.bias) - logits).abs().max())
        for name, layer in layers.items()
    }
    name = min(differences, key=lambda name: differences[name])
    if not differences[name] <= _TOLERANCE * float(logits.abs().max()):
        boost = getattr(getattr(model, "head", None), "boost_lu", 1)
        reason = f" BoostLU is not linear: boost_lu={boost} must be 1." if boost != 1 else ""
        raise ValueError(
            f"{requirement} Got {head} instead, whose logits differ from those of the layer {name!r} by up "
            f"to {differences[name]:.3g}.{reason}"
        )
    if layers[name].bias is None:
        raise ValueError(
            f"The layer {name!r} of {head} must have a bias, which the refit computes. Got bias=False "
            "instead. Build the layer with bias=True; a bias of 0 leaves the predictions of a checkpoint as "
            "they are."
        )
    return name


def _logits(model: BaseModel, images: Tensor) -> Tensor | None:
    """Return what the model predicts before the sigmoid, if it is one tensor of shape (N, C)."""
    inputs = model.data_preprocessor({"inputs": images}, training=False)["inputs"]
    logits: Any = model(inputs, mode="tensor")
    return logits if isinstance(logits, Tensor) and logits.ndim == 2 else None
