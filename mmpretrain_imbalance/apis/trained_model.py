"""Loading of a trained model with its config, class names and thresholds."""

from __future__ import annotations

import os
from collections.abc import Iterable
from copy import deepcopy
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, NamedTuple, cast

import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.registry import DefaultScope
from mmengine.runner import load_checkpoint
from mmpretrain.apis import ModelHub
from mmpretrain.registry import DATASETS, MODELS
from torch import nn

from .chosen_thresholds import thresholds_beside


class TrainedModel(NamedTuple):
    """A trained model in evaluation mode, with its metadata.

    Attributes:
        model: The model, in evaluation mode.
        cfg: Config of the model.
        class_names: Names of the classes; None if neither the checkpoint nor the config contains them.
        thresholds: ``{"classes": [...], "thresholds": [...], ...}`` of ``BestThresholdsHook`` in the
            checkpoint; None if it contains none.
        stored_names: Class names in the checkpoint; None if it contains none.
        threshold_file: The file ``thresholds.json`` beside the checkpoint; None if there is none for its
            weights.
    """

    model: BaseModel
    cfg: Config
    class_names: list[str] | None
    thresholds: dict[str, Any] | None
    stored_names: list[str] | None = None
    threshold_file: Path | None = None


def load_trained_model(
    model: str | os.PathLike[str] | Config | nn.Module,
    weights: str | os.PathLike[str] | None = None,
    device: str | torch.device | None = None,
) -> TrainedModel:
    """Build the model of a config and load the weights of a checkpoint.

    The checkpoint must contain every weight of the model. MMEngine itself raises no error for a missing
    weight, which would keep its random initial value.

    Args:
        model: Path of a config, a name that ``mmpretrain.list_models`` lists, a config, or a model returned
            by ``mmpretrain.get_model``.
        weights: Path of a checkpoint; None keeps the weights of a given model, or takes the published weights
            of a name.
        device: Device to move the model to; None does not move it.

    Returns:
        The model with its config, class names and thresholds.

    Raises:
        FileNotFoundError: If the config or the checkpoint does not exist.
        ValueError: If the config has no model, the device does not exist, a config is given without a
            checkpoint, the checkpoint cannot be loaded, or a weight of the model is missing in the checkpoint
            or has another shape.
    """
    if isinstance(model, (str, os.PathLike)):
        model, published = read_config(model)
        weights = published if weights is None else weights
    if isinstance(model, nn.Module):
        cfg = getattr(model, "_config", None)
        meta = {"dataset_meta": getattr(model, "_dataset_meta", {})}
        if cfg is None:
            raise ValueError(
                "The 'model' argument of load_trained_model must be a config or a model of get_model. "
                f"Got a {type(model).__name__} without a config instead."
            )
    else:
        cfg, meta = model, {}
        if weights is None:
            raise ValueError(
                "The 'weights' argument of load_trained_model must be a checkpoint if 'model' is a config. "
                "Got None instead."
            )
        model = _build(cfg)
    if weights is not None:
        meta = _load(model, os.fspath(weights))
    if device is not None:
        model = _to_device(model, device)
    stored = _as_names((meta.get("dataset_meta") or {}).get("classes") or None)
    names = stored or _as_names(_class_names(cfg))
    file = thresholds_beside(weights, meta)
    return TrainedModel(model.eval(), cfg, names, meta.get("thresholds"), stored, file)


def read_config(model: str | os.PathLike[str]) -> tuple[Config, str | None]:
    """Read the config of a path, or of a model of MMPretrain's ``ModelHub``.

    Args:
        model: Path of a config, or a name that ``mmpretrain.list_models`` lists.

    Returns:
        The config, and the address of the published weights of the name; None if there are none.

    Raises:
        FileNotFoundError: If it is neither a file nor such a name.

    Example:
        >>> cfg, weights = read_config("digits-rps50_hill")
        >>> cfg.model.head.loss.type, weights
        ('HillLoss', None)
    """
    if Path(model).is_file():
        return Config.fromfile(model), None
    try:
        info = ModelHub.get(str(model))
    except ValueError as error:
        raise FileNotFoundError(
            f"The config {str(model)!r} does not exist, and mmpretrain.list_models() has no such name."
        ) from error
    return info.config, info.weights


def _as_names(classes: Iterable[object] | None) -> list[str] | None:
    return None if classes is None else [str(name) for name in classes]


def _build(cfg: Config) -> BaseModel:
    if cfg.get("model") is None:
        raise ValueError(
            "The 'model' argument of load_trained_model must be a config with a 'model' field. Got a config "
            "without it instead."
        )
    cfg = deepcopy(cfg)
    if cfg.model.get("data_preprocessor") is None and "data_preprocessor" in cfg:
        cfg.model.data_preprocessor = cfg.data_preprocessor
    with DefaultScope.overwrite_default_scope("mmpretrain"):
        return MODELS.build(cfg.model)


def _load(model: nn.Module, weights: str) -> dict[str, Any]:
    if "://" not in weights and not Path(weights).is_file():
        raise FileNotFoundError(f"The checkpoint {weights!r} does not exist.")
    try:
        checkpoint = load_checkpoint(model, weights, map_location="cpu", logger="silent")
    except UnpicklingError as error:
        raise ValueError(str(error)) from error
    except (AttributeError, OSError, RuntimeError) as error:
        raise ValueError(
            f"The checkpoint {weights!r} must contain the weights of a model. Got a file that cannot be "
            f"loaded instead ({type(error).__name__}: {error})."
        ) from error
    state_dict = checkpoint.get("state_dict", checkpoint)
    stored = {
        name.removeprefix("module."): tuple(getattr(value, "shape", ())) for name, value in state_dict.items()
    }
    required = {
        name: tuple(value.shape)
        for name, value in model.state_dict().items()
        if "loss" not in name and not name.endswith("num_batches_tracked")
    }
    wrong = [name for name, shape in required.items() if stored.get(name) != shape]
    if wrong:
        name = wrong[0]
        found = f"the shape {stored[name]}, not {required[name]}," if name in stored else "no value"
        more = f" and {len(wrong) - 1} more missing or mismatched weights" if len(wrong) > 1 else ""
        raise ValueError(
            f"The checkpoint {weights!r} must contain every weight of the model. Got {found} for {name!r}"
            f"{more} instead. The checkpoint may belong to another config."
        )
    return checkpoint.get("meta") or {}


def _to_device(model: nn.Module, device: str | torch.device) -> nn.Module:
    try:
        return model.to(device)
    except (AssertionError, RuntimeError) as error:
        raise ValueError(
            "The 'device' argument of load_trained_model must be a device of this machine, such as 'cpu'. "
            f"Got {str(device)!r} instead ({str(error).splitlines()[0][:200]})."
        ) from error


def _class_names(cfg: Config) -> list[str] | None:
    for loader in ("test_dataloader", "val_dataloader", "train_dataloader"):
        node = (cfg.get(loader) or {}).get("dataset")
        while node is not None:
            if classes := (node.get("metainfo") or {}).get("classes"):
                return cast("list[str]", classes)
            if isinstance(node.get("type"), str) and "dataset" not in node:
                with DefaultScope.overwrite_default_scope("mmpretrain"):
                    dataset = DATASETS.get(node["type"])
                if classes := getattr(dataset, "METAINFO", {}).get("classes"):
                    return cast("list[str]", classes)
            node = node.get("dataset")
    return None
