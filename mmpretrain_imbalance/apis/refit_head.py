"""Refit of the linear head of a trained model, and a checkpoint with the new head."""

from __future__ import annotations

import json
import os
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import default_collate
from mmengine.model import BaseModel
from mmpretrain.models.heads import MultiLabelClsHead
from torch import Tensor, nn

from ..datasets.config_datasets import build_split
from ..datasets.feature_store import FeatureStore
from ..datasets.labeled_features import LabeledFeatures
from ..functional.refit import LinearHead, RefitResult, refit_linear_head
from ..metrics.known_predictions import KnownPredictions
from ..metrics.validation_thresholds import validation_thresholds
from ..models.last_linear_layer import last_linear_layer
from ..utils.checkpoint_files import write_checkpoint
from ..utils.files import atomic_write
from ..utils.safe_checkpoints import load_weights_only
from .extract_features import extract_features
from .trained_model import load_trained_model, read_config

_NAME = "refit_head"
#: Entries of a checkpoint that only a resumed training uses.
_OF_TRAINING = ("optimizer", "param_schedulers", "message_hub", "ema_state_dict", "image_state")
_THRESHOLD_OPTIONS = dict(precision=None, recall=None, shrinkage=10.0)


@dataclass(frozen=True)
class RefittedHead:
    """A checkpoint with a refitted head.

    Attributes:
        checkpoint: The new checkpoint.
        report: File with all candidates, their scores and intervals, and the reason of the choice.
        features: Folder of the features, which no later step needs.
        result: The head and the candidates.
        thresholds: ``meta['thresholds']`` of the new checkpoint; None if none were chosen.
    """

    checkpoint: Path
    report: Path
    features: Path
    result: RefitResult
    thresholds: dict[str, Any] | None


def refit_head(
    config: str | os.PathLike[str] | Config,
    checkpoint: str | os.PathLike[str],
    *,
    out: str | os.PathLike[str] | None = None,
    features: str | os.PathLike[str] | None = None,
    device: str | torch.device | None = None,
    progress: bool = False,
) -> RefittedHead:
    """Refit the last linear layer of a checkpoint with :func:`refit_linear_head`, and write a new checkpoint.

    The features of the training and validation images are computed once and stored, so that a killed call
    goes on where it was. They are read from disk one batch at a time. The new checkpoint has the averaged
    weights if the checkpoint has them, as in a test. It differs in the linear layer and in the thresholds,
    which are chosen on validation for the new head, with the options of the old thresholds. It has no state
    of the optimizer, so that a training can start from it but not be resumed. The old checkpoint does not
    change.

    Args:
        config: The config of the model and its data, or its path.
        checkpoint: Path of the checkpoint.
        out: Path of the new checkpoint; None for ``STEM_refit.pth`` beside the checkpoint. The report is
            beside it, with the ending ``.json``.
        features: Folder for the features; None for ``STEM_features`` beside the checkpoint.
        device: Device of the model; None for a GPU if there is one.
        progress: Whether to show progress bars.

    Returns:
        The new checkpoint and the result.

    Raises:
        FileExistsError: If the new checkpoint exists.
        FileNotFoundError: If the config, the checkpoint or an image does not exist.
        ValueError: If the model does not end with one linear layer, the config has no training set, the
            checkpoint does not belong to the config, or the folder has features of other weights.
    """
    if not isinstance(config, Config):
        config, _ = read_config(config)
    checkpoint = Path(checkpoint)
    out = Path(out) if out is not None else checkpoint.with_name(f"{checkpoint.stem}_refit.pth")
    features = Path(features) if features is not None else checkpoint.with_name(f"{checkpoint.stem}_features")
    if not checkpoint.is_file():
        raise FileNotFoundError(
            f"The 'checkpoint' argument of {_NAME} must be an existing file. Got {str(checkpoint)!r} instead."
        )
    if out.exists():
        raise FileExistsError(
            f"The 'out' argument of {_NAME} must be a path where no file is. Got {str(out)!r} instead, which "
            "exists. Delete the file, or choose another path with out (--out)."
        )
    model = load_trained_model(config, checkpoint).model
    probe = default_collate([build_split(config, "train", _NAME)[0]])["inputs"]
    layer = cast(nn.Linear, model.get_submodule(last_linear_layer(model, probe)))

    extracted = extract_features(
        config, checkpoint, out=features, splits=("train", "val"), device=device, progress=progress
    )
    stores = {split: FeatureStore.open(features / name) for split, name in extracted.stores.items()}
    batches = {split: LabeledFeatures(store.features, store.labels) for split, store in stores.items()}
    result = refit_linear_head(
        LinearHead(layer.weight.detach(), layer.bias.detach()),
        batches["train"],
        batches.get("val"),
        unknown_as_negative=not stores["train"].labels.label_counts().negatives.any(),
    )
    names = _state_names(model, layer)
    head = LinearHead(result.head.weight.to(layer.weight), result.head.bias.to(layer.bias))
    content = load_weights_only(checkpoint, map_location="cpu")
    content = content if "state_dict" in content else dict(state_dict=content)
    content = {name: value for name, value in content.items() if name not in _OF_TRAINING}
    content["state_dict"] = _with_head(content["state_dict"], names, head)
    meta = content["meta"] = deepcopy(content.get("meta") or {})
    meta["refit"] = dict(chosen=result.chosen, reason=result.reason, checkpoint=checkpoint.name)
    old = meta.pop("thresholds", None) or {}
    thresholds = None
    if "val" in stores and isinstance(getattr(model, "head", None), MultiLabelClsHead):
        options = {name: old.get(name, value) for name, value in _THRESHOLD_OPTIONS.items()}
        dataset = build_split(config, "val", _NAME)
        thresholds = validation_thresholds(
            _predictions(batches["val"], head), dataset, meta.get("iter"), options
        )
    if thresholds is not None:
        meta["thresholds"] = {**thresholds, "refit": result.chosen}

    report = out.with_suffix(".json")
    described = {**result.to_dict(), "checkpoint": str(checkpoint), "iter": meta.get("iter")}
    with atomic_write(report) as file:
        json.dump(described, file, indent=1)
    write_checkpoint(out, content)
    return RefittedHead(out, report, features, result, meta.get("thresholds"))


def _state_names(model: BaseModel, layer: nn.Linear) -> tuple[str, str]:
    """Return the names of weight and bias in a checkpoint, which models of timm do not call as the module."""
    state = model.state_dict()
    weight, bias = (
        next(name for name, value in state.items() if value.data_ptr() == parameter.data_ptr())
        for parameter in (layer.weight, layer.bias)
    )
    return weight, bias


def _with_head(state: dict[str, Tensor], names: tuple[str, str], head: LinearHead) -> dict[str, Tensor]:
    new = {name: head_part for name, head_part in zip(names, head)}
    return {name: new.get(name.removeprefix("module."), value) for name, value in state.items()}


def _predictions(batches: LabeledFeatures, head: LinearHead) -> KnownPredictions:
    """Predict the known elements, as the head of the model does."""
    parts, start = [], 0
    for features, labels in batches:
        images, classes = (labels >= 0).nonzero(as_tuple=True)
        scores = head.logits(features).sigmoid()[images, classes]
        parts.append((images + start, classes, scores, labels[images, classes]))
        start += len(labels)
    names = [str(name) for name in batches.labels.class_names]
    of_image, of_class, score, known = [torch.cat(column).numpy() for column in zip(*parts)]
    return KnownPredictions(names, start, of_image, of_class, score, known.astype(np.int8))
