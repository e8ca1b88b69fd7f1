"""Model whose features are stored, and the check that no random weight is in them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from pickle import UnpicklingError

import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.registry import DefaultScope
from mmengine.runner import load_checkpoint
from mmpretrain.registry import MODELS
from torch import Tensor

from ..models.image_features import image_features

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
