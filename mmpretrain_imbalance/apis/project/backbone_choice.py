"""Backbone of a new project, by one name: a network of MMPretrain or of timm, with its number of channels."""

from __future__ import annotations

import difflib
import logging
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import torch
from mmengine.logging import MMLogger
from mmengine.registry import DefaultScope
from mmpretrain.registry import MODELS
from torch import nn

#: Pixels of the images, if the network does not define them.
DEFAULT_IMAGE_SIZE = 224

_POOL = {"type": "GlobalAveragePooling"}


@dataclass(frozen=True)
class BackboneChoice:
    """Backbone with everything that a config needs to know about it.

    Attributes:
        name: Name of the network, such as ``resnet50_8xb32_in1k`` or ``timm/tf_efficientnet_lite0``.
        backbone: Config of the backbone, without pretrained weights.
        neck: Config of the neck; None if the features have no maps.
        in_channels: Number of channels of the features.
        image_size: Height and width of the training images in pixels.
        mean: Mean of each channel that is subtracted from the images.
        std: Standard deviation of each channel by which the images are divided.
        to_rgb: Whether the channels are in the order red, green, blue.
        weights: URL of the published weights, 'timm' for those of timm, or None.
    """

    name: str
    backbone: dict[str, Any]
    neck: dict[str, Any] | None
    in_channels: int
    image_size: int
    mean: list[float]
    std: list[float]
    to_rgb: bool
    weights: str | None


def choose_backbone(
    name: str, image_size: int | None = None, *, caller: str = "new_project"
) -> BackboneChoice:
    """Find a network by its name, build it, and run an image through it to find the number of channels.

    Args:
        name: Name of a network of MMPretrain (``mmpretrain.list_models``), the first part of such a name, as
            in ``resnet50``, or the name of a network of timm, as in ``timm/tf_efficientnet_lite0``.
        image_size: Height and width of the images; None for the size that the network was trained with.
        caller: Name of the function whose 'model' argument this is, for the messages.

    Returns:
        The backbone.

    Raises:
        ModuleNotFoundError: If the network needs timm, which is not installed.
        ValueError: If there is no such network, or its features cannot be used by a linear head.

    Example:
        >>> choose_backbone("mobilenet-v2", image_size=64).in_channels
        1280
    """
    is_timm = name.startswith("timm/")
    model_name = None if is_timm else _mmpretrain_name(name)
    if model_name is not None:
        choice = _of_mmpretrain(model_name, image_size, caller)
    elif is_timm or _is_timm_name(name):
        choice = _of_timm(name.removeprefix("timm/"), image_size, caller)
    else:
        raise ValueError(_unknown_name(name, caller))
    return _with_features(choice, caller)


def build_backbone(choice: BackboneChoice) -> nn.Module:
    """Build the backbone with random weights, in evaluation mode."""
    logger = MMLogger.get_current_instance()
    level = logger.level
    logger.setLevel(logging.ERROR)  # TIMMBackbone logs each of its stages
    try:
        with DefaultScope.overwrite_default_scope("mmpretrain"):
            backbone: nn.Module = MODELS.build(deepcopy(choice.backbone))
    finally:
        logger.setLevel(level)
    backbone.train(False)
    return backbone


def _mmpretrain_name(name: str) -> str | None:
    """Return the shortest full name of a network of MMPretrain that starts so and was trained on ImageNet."""
    from mmpretrain.apis.model import ModelHub, list_models

    names = list_models()
    if name.lower() in names:
        return name.lower()
    starts = []
    for other in names:
        index = ModelHub._models_dict[other]
        is_classifier = any(result.task == "Image Classification" for result in index.results or [])
        if other.split("_")[0] == name.lower() and "in1k" in other and index.weights and is_classifier:
            starts.append(other)
    return min(starts, key=lambda other: (len(other), other), default=None)


def _of_mmpretrain(name: str, image_size: int | None, caller: str) -> BackboneChoice:
    from mmpretrain.apis.model import ModelHub

    index = ModelHub.get(name)
    model = index.config.model
    if model.type != "ImageClassifier":
        raise ValueError(
            f"The 'model' argument of {caller} must be a classifier. Got {name!r} instead, whose type is "
            f"{model.type!r}."
        )
    prepared = dict(model.get("data_preprocessor") or {}, **index.config.get("data_preprocessor", {}))
    size = image_size or _size_of_pipeline(index.config)
    backbone = _plain(model.backbone)
    backbone.pop("init_cfg", None)
    if "img_size" in backbone:
        backbone["img_size"] = size
    return BackboneChoice(
        name=name,
        backbone=backbone,
        neck=_plain(model.get("neck")),
        in_channels=0,
        image_size=size,
        mean=list(prepared.get("mean") or [0.0, 0.0, 0.0]),
        std=list(prepared.get("std") or [1.0, 1.0, 1.0]),
        to_rgb=bool(prepared.get("to_rgb", False)),
        weights=index.weights,
    )


def _size_of_pipeline(config: Any) -> int:
    loader = config.get("test_dataloader") or config.get("val_dataloader") or {}
    for transform in reversed(loader.get("dataset", {}).get("pipeline", [])):
        size = transform.get("crop_size", transform.get("scale"))
        if size:
            return size if isinstance(size, int) else size[0]
    return DEFAULT_IMAGE_SIZE


def _is_timm_name(name: str) -> bool:
    try:
        import timm
    except ImportError:
        return False
    return bool(timm.is_model(name))


def _of_timm(name: str, image_size: int | None, caller: str) -> BackboneChoice:
    try:
        import timm
    except ImportError as error:
        raise ModuleNotFoundError(
            f"The network 'timm/{name}' needs timm. Install it with: pip install 'mmpretrain_imbalance[timm]'"
        ) from error
    if not timm.is_model(name):
        raise ValueError(_unknown_name(f"timm/{name}", caller))
    published = timm.get_pretrained_cfg(name)
    settings: dict[str, Any] = published.to_dict() if published is not None else {}
    return BackboneChoice(
        name=f"timm/{name}",
        backbone={"type": "TIMMBackbone", "model_name": name},
        neck=None,
        in_channels=0,
        image_size=image_size or settings.get("input_size", (3, DEFAULT_IMAGE_SIZE))[-1],
        mean=[round(255 * value, 3) for value in settings.get("mean", (0.485, 0.456, 0.406))],
        std=[round(255 * value, 3) for value in settings.get("std", (0.229, 0.224, 0.225))],
        to_rgb=True,
        weights="timm",
    )


def _with_features(choice: BackboneChoice, caller: str) -> BackboneChoice:
    """Add a pooling neck if the features are maps, and the number of channels of the features."""
    network: Any = build_backbone(choice)
    image = torch.zeros(2, 3, choice.image_size, choice.image_size)
    try:
        with torch.no_grad():
            features = network(image)
    except (AssertionError, RuntimeError, ValueError) as error:
        raise ValueError(
            f"The 'image_size' argument of {caller} must be a size that {choice.name} accepts. Got "
            f"{choice.image_size} instead: {error}"
        ) from error
    maps = features[-1]
    num_features = getattr(getattr(network, "timm_model", None), "num_features", None)
    if num_features is not None and (maps.ndim not in (2, 4) or maps.shape[1] != num_features):
        raise ValueError(_wrong_features(choice, maps, caller))
    if choice.neck is None and getattr(maps, "ndim", 0) == 4:
        choice = replace(choice, neck=dict(_POOL))
    if choice.neck is not None:
        with DefaultScope.overwrite_default_scope("mmpretrain"), torch.no_grad():
            neck = MODELS.build(deepcopy(choice.neck))
            neck.train(False)
            features = neck(features)
    vectors = features[-1]
    if getattr(vectors, "ndim", 0) != 2:
        raise ValueError(_wrong_features(choice, vectors, caller))
    return replace(choice, in_channels=vectors.shape[1])


def _wrong_features(choice: BackboneChoice, features: Any, caller: str) -> str:
    shape = tuple(features.shape) if hasattr(features, "shape") else type(features).__name__
    return (
        f"The 'model' argument of {caller} must be a network whose features are maps (N, D, H, W) or "
        f"vectors (N, D). Got {choice.name!r} instead, whose features have the shape {shape} for 2 images. "
        "Choose a convolutional network, or the network of this kind in mmpretrain.list_models()."
    )


def _unknown_name(name: str, caller: str) -> str:
    from mmpretrain.apis.model import list_models

    known = sorted({other.split("_")[0] for other in list_models()})
    try:
        import timm

        known += [f"timm/{other}" for other in timm.list_models()]
    except ImportError:
        pass
    close = difflib.get_close_matches(name, known, n=3)
    meant = f" Did you mean {', '.join(map(repr, close))}?" if close else ""
    return (
        f"The 'model' argument of {caller} must be the name of a network in mmpretrain.list_models(), the "
        f"first part of such a name, or timm/NAME. Got {name!r} instead.{meant}"
    )


def _plain(node: Any) -> Any:
    """Convert a config to plain dictionaries and lists."""
    if isinstance(node, dict):
        return {key: _plain(value) for key, value in node.items() if key != "_scope_"}
    if isinstance(node, (list, tuple)):
        return type(node)(_plain(item) for item in node)
    return node
