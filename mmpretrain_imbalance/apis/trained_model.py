"""A model of a config with trained weights, and what its checkpoint says about classes and thresholds."""

from __future__ import annotations

import os
from collections.abc import Iterable
from copy import deepcopy
from pathlib import Path
from pickle import UnpicklingError
from typing import NamedTuple

import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.runner import load_checkpoint
from mmpretrain.registry import DATASETS, MODELS
from torch import nn


class TrainedModel(NamedTuple):
    """A model that is ready to predict.

    Attributes:
        model: The model, in evaluation mode.
        cfg: Its config.
        class_names: Names of the classes; None where neither the checkpoint nor the config tells.
        thresholds: ``{"classes": [...], "thresholds": [...], ...}`` of ``BestThresholdsHook``; None without.
        stored_names: The class names that the checkpoint itself holds; None without.
    """

    model: nn.Module
    cfg: Config
    class_names: list[str] | None
    thresholds: dict | None
    stored_names: list[str] | None = None


def load_trained_model(
    model: str | os.PathLike | Config | nn.Module,
    weights: str | os.PathLike | None = None,
    device: str | torch.device | None = None,
) -> TrainedModel:
    """Build the model of a config and fill it from a checkpoint.

    Args:
        model: Path of a config, a config, or a model that MMPretrain's ``get_model`` made.
        weights: Path of a checkpoint; None to keep the weights of a model that is given.
        device: Where the model goes; None leaves a given model where it is.

    Returns:
        The model with its config, class names and thresholds.

    Raises:
        FileNotFoundError: If there is no such config or checkpoint.
        ValueError: If the config has no model, the device is none of this machine, there are no weights or
            they cannot be loaded, or the checkpoint lacks some that the model has, or has them in another
            shape: it would predict at random.
    """
    if isinstance(model, (str, os.PathLike)):
        if not Path(model).is_file():
            raise FileNotFoundError(f"The config {str(model)!r} does not exist.")
        model = Config.fromfile(model)
    if isinstance(model, nn.Module):
        cfg = getattr(model, "_config", None)
        meta = {"dataset_meta": getattr(model, "_dataset_meta", {})}
        if cfg is None:
            raise ValueError(
                "The 'model' argument of load_trained_model must be a config, "
                "or a model that get_model made. "
                f"Got a {type(model).__name__} without a config instead."
            )
    else:
        cfg, meta = model, {}
        if weights is None:
            raise ValueError(
                "The 'weights' argument of load_trained_model must be a checkpoint "
                "where 'model' is a config. "
                "Got None instead."
            )
        model = _build(cfg)
    if weights is not None:
        meta = _load(model, os.fspath(weights))
    if device is not None:
        model = _to_device(model, device)
    stored = _as_names((meta.get("dataset_meta") or {}).get("classes") or None)
    names = stored or _as_names(_class_names(cfg))
    return TrainedModel(model.eval(), cfg, names, meta.get("thresholds"), stored)


def _as_names(classes: Iterable | None) -> list[str] | None:
    return None if classes is None else [str(name) for name in classes]


def _build(cfg: Config) -> nn.Module:
    if cfg.get("model") is None:
        raise ValueError(
            "The 'model' argument of load_trained_model must be a config with a model. Got one "
            "without instead."
        )
    cfg = deepcopy(cfg)
    if cfg.model.get("data_preprocessor") is None and "data_preprocessor" in cfg:
        cfg.model.data_preprocessor = cfg.data_preprocessor
    with DefaultScope.overwrite_default_scope("mmpretrain"):
        return MODELS.build(cfg.model)


def _load(model: nn.Module, weights: str) -> dict:
    if "://" not in weights and not Path(weights).is_file():
        raise FileNotFoundError(f"The checkpoint {weights!r} does not exist.")
    try:
        checkpoint = load_checkpoint(model, weights, map_location="cpu", logger="silent")
    except UnpicklingError as error:
        raise ValueError(str(error)) from error
    except (AttributeError, OSError, RuntimeError) as error:
        raise ValueError(
            f"The checkpoint {weights!r} must hold the weights of a model. Got a file that does not instead "
            f"({type(error).__name__}: {error})."
        ) from error
    weights_of = checkpoint.get("state_dict", checkpoint)
    stored = {
        name.removeprefix("module."): tuple(getattr(value, "shape", ())) for name, value in weights_of.items()
    }
    needed = {
        name: tuple(value.shape)
        for name, value in model.state_dict().items()
        if "loss" not in name and not name.endswith("num_batches_tracked")
    }
    wrong = [name for name, shape in needed.items() if stored.get(name) != shape]
    if wrong:
        found = "none" if wrong[0] not in stored else f"the shape {stored[wrong[0]]}, not {needed[wrong[0]]},"
        raise ValueError(
            f"The checkpoint {weights!r} must hold every weight of the model. Got {found} for {wrong[0]!r} "
            f"and {len(wrong) - 1} more like it instead; it may belong to another config."
        )
    return checkpoint.get("meta") or {}


def _to_device(model: nn.Module, device: str | torch.device) -> nn.Module:
    try:
        return model.to(device)
    except (AssertionError, RuntimeError) as error:
        raise ValueError(
            f"The 'device' argument must be one of this machine, such as 'cpu'. Got {str(device)!r} instead "
            f"({str(error).splitlines()[0][:200]})."
        ) from error


def _class_names(cfg: Config) -> list[str] | None:
    for loader in ("test_dataloader", "val_dataloader", "train_dataloader"):
        node = (cfg.get(loader) or {}).get("dataset")
        while node is not None:
            if classes := (node.get("metainfo") or {}).get("classes"):
                return classes
            if isinstance(node.get("type"), str) and "dataset" not in node:
                with DefaultScope.overwrite_default_scope("mmpretrain"):
                    dataset = DATASETS.get(node["type"])
                if classes := getattr(dataset, "METAINFO", {}).get("classes"):
                    return classes
            node = node.get("dataset")
    return None
