"""Model whose features are stored, and the check that no random weight is in them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.registry import DefaultScope
from mmengine.runner import load_checkpoint
from mmpretrain.registry import MODELS
from torch import Tensor

_NAME = "extract_features"


class RandomWeightsError(ValueError):
    """The config has no pretrained weights, so that features would depend on random ones."""


def feature_model(
    cfg: Config, checkpoint: str | None, probe: Tensor, random_weights: bool = False
) -> BaseModel:
    """Build the model of a config, with the weights of a checkpoint or of the config itself.

    Args:
        cfg: The config.
        checkpoint: Path or URL of a checkpoint; None for ``load_from`` of the config, or the pretrained
            weights in its ``init_cfg``.
        probe: Images of one batch as the data loader gives them, with which the weights are checked.
        random_weights: Whether features may depend on random weights, which are the same in every call.

    Returns:
        The model, in evaluation mode, on the CPU.

    Raises:
        FileNotFoundError: If the checkpoint does not exist.
        RandomWeightsError: If there is no checkpoint, and features depend on random weights.
        ValueError: If the config has no model, or the checkpoint cannot be loaded or lacks weights.
    """
    if cfg.get("model") is None:
        raise ValueError(
            f"The 'config' argument of {_NAME} must have a 'model' field. Got a config without it instead."
        )
    checkpoint = checkpoint or cfg.get("load_from")
    if checkpoint is not None and "://" not in checkpoint and not Path(checkpoint).is_file():
        raise FileNotFoundError(f"The checkpoint {checkpoint!r} does not exist.")
    model = _initialized(cfg, checkpoint, seed=0)
    if random_weights:
        return model
    # Random weights are those that differ between two initializations.
    other = _initialized(cfg, checkpoint, seed=1)
    if torch.equal(image_features(model, probe), image_features(other, probe)):
        return model
    names = [
        name
        for (name, value), second in zip(model.state_dict().items(), other.state_dict().values())
        if "loss" not in name and not torch.equal(value, second)
    ]
    names.sort(key=lambda name: name.startswith("head."))  # stable: those of the backbone first
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    if checkpoint is not None:
        raise ValueError(
            f"The checkpoint {checkpoint!r} must contain every weight of the features. Got none for "
            f"{names[0]!r}{more} instead. The checkpoint may belong to another config."
        )
    raise RandomWeightsError(
        f"The 'checkpoint' argument of {_NAME} must be given, unless the config has pretrained weights in "
        f"'load_from' or in the 'init_cfg' of its backbone. Got None instead, and {names[0]!r}{more} would "
        "be random. Use random_weights (--random-weights) if you want random features."
    )


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
            f"The 'config' argument of {_NAME} must have an ImageClassifier or a TimmClassifier as its "
            f"model. Got {type(model).__name__} instead."
        )
    if isinstance(features, (tuple, list)):
        features = features[-1]
    if getattr(features, "ndim", 0) == 4:
        features = features.mean(dim=(2, 3))
    if getattr(features, "ndim", 0) != 2:
        shape = tuple(features.shape) if isinstance(features, Tensor) else type(features).__name__
        raise ValueError(
            f"The 'config' argument of {_NAME} must have a model whose features are vectors (N, D) or maps "
            f"(N, D, H, W). Got the shape {shape} for {len(images)} images instead. Add a neck that pools."
        )
    vectors: Tensor = features
    return vectors


def weights_fingerprint(model: BaseModel) -> str:
    """Compute a checksum of all weights and buffers of a model, without those of its losses.

    Args:
        model: The model.

    Returns:
        The first 16 digits of the SHA-256.
    """
    digest = hashlib.sha256()
    for name, value in model.state_dict().items():
        if "loss" not in name:
            digest.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
            digest.update(value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()[:16]


def _initialized(cfg: Config, checkpoint: str | None, seed: int) -> BaseModel:
    cfg = deepcopy(cfg)
    if cfg.model.get("data_preprocessor") is None and "data_preprocessor" in cfg:
        cfg.model.data_preprocessor = cfg.data_preprocessor
    with torch.random.fork_rng(devices=[]), DefaultScope.overwrite_default_scope("mmpretrain"):
        torch.manual_seed(seed)
        model = MODELS.build(cfg.model)
        if checkpoint is None:
            _quietly(model.init_weights)
    if checkpoint is not None:
        _load(model, checkpoint)
    return model.eval()


def _quietly(initialize: Callable[[], None]) -> None:
    from mmengine.logging import MMLogger

    logger = MMLogger.get_current_instance()
    level = logger.level
    logger.setLevel("ERROR")  # it lists each weight
    try:
        initialize()
    finally:
        logger.setLevel(level)


def _load(model: BaseModel, checkpoint: str) -> None:
    try:
        load_checkpoint(model, checkpoint, map_location="cpu", logger="silent")
    except (AttributeError, OSError, RuntimeError, UnpicklingError) as error:
        raise ValueError(
            f"The checkpoint {checkpoint!r} must contain the weights of a model. Got a file that cannot be "
            f"loaded instead ({type(error).__name__}: {error})."
        ) from error
