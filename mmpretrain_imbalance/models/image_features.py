"""Features of images: what the last linear layer of a model gets."""

from __future__ import annotations

from typing import Any

import torch
from mmengine.model import BaseModel
from torch import Tensor


@torch.no_grad()
def image_features(model: BaseModel, images: Tensor) -> Tensor:
    """Compute what the last linear layer of a model gets.

    Maps are averaged over the image. The features are those of the neck, after the hidden layers of the head.

    Args:
        model: A classifier of MMPretrain, or MMPretrain's ``TimmClassifier``, in evaluation mode.
        images: Images as the data loader gives them, of shape (N, 3, H, W).

    Returns:
        Features of shape (N, D).

    Raises:
        ValueError: If the features of an image are neither a vector nor maps.
    """
    inputs = model.data_preprocessor({"inputs": images}, training=False)["inputs"]
    if hasattr(model, "extract_feat") and hasattr(model, "backbone"):
        has_layers = getattr(model, "with_head", False) and hasattr(model.head, "pre_logits")
        features: Any = model.extract_feat(inputs, stage="pre_logits" if has_layers else "neck")
    elif hasattr(getattr(model, "model", None), "forward_head"):  # TimmClassifier
        features = model.model.forward_head(model.model.forward_features(inputs), pre_logits=True)
    else:
        raise ValueError(
            "The model must be an ImageClassifier or a TimmClassifier, so that its features are known. Got "
            f"{type(model).__name__} instead."
        )
    if isinstance(features, (tuple, list)):
        features = features[-1]
    if getattr(features, "ndim", 0) == 4:
        features = features.mean(dim=(2, 3))
    if getattr(features, "ndim", 0) != 2:
        shape = tuple(features.shape) if isinstance(features, Tensor) else type(features).__name__
        raise ValueError(
            "The model must have features that are vectors (N, D) or maps (N, D, H, W). Got the shape "
            f"{shape} for {len(images)} images instead. Add a neck that pools."
        )
    vectors: Tensor = features
    return vectors
