"""MMPretrain's function ``inference_model``, extended by multi-label models."""

from __future__ import annotations

import os
from inspect import isclass, signature
from typing import Any

import mmpretrain
from mmengine.config import Config
from mmengine.model import BaseModel
from mmpretrain.models.heads import MultiLabelClsHead
from mmpretrain.registry import MODELS

from .multi_label_inferencer import MultiLabelInferencer
from .trained_model import read_config

# After a reload of this module, MMPretrain's function is our own one, which holds the original.
_ORIGINAL = getattr(mmpretrain.inference_model, "__wrapped__", mmpretrain.inference_model)


def inference_model(model: str | os.PathLike[str] | Config | BaseModel, *args: Any, **kwargs: Any) -> Any:
    """Predict with the inferencer for the task of a model.

    Importing this package replaces ``mmpretrain.inference_model``, which has no inferencer for multi-label
    models, by this function. All models whose head is not a ``MultiLabelClsHead`` are passed on to the
    function of MMPretrain.

    Args:
        model: A name that ``mmpretrain.list_models`` lists, a path of a config, a config, or a model of
            ``mmpretrain.get_model``.
        *args: Arguments of the call of the inferencer: the image.
        **kwargs: Arguments of the inferencer and of its call; for :class:`MultiLabelInferencer`, the
            checkpoint is ``weights``.

    Returns:
        The prediction of the first image: an :class:`ImagePrediction` for a multi-label model, else the
        dictionary of MMPretrain.

    Raises:
        FileNotFoundError: If a file does not exist.
        ValueError: If an argument is invalid, or a multi-label model has no weights.
    """
    if not _is_multi_label(model):
        return _ORIGINAL(model, *args, **kwargs)
    settings = {
        name: kwargs.pop(name) for name in signature(MultiLabelInferencer).parameters if name in kwargs
    }
    inferencer = MultiLabelInferencer(model, **settings)
    return inferencer(*args, **{"progress": False, **kwargs})[0]


inference_model.__wrapped__ = _ORIGINAL  # type: ignore[attr-defined]


def extend_inference_model() -> None:
    """Replace ``inference_model`` in the modules from which MMPretrain exports it."""
    for module in (mmpretrain, mmpretrain.apis, mmpretrain.apis.model):
        module.inference_model = inference_model


def _is_multi_label(model: str | os.PathLike[str] | Config | BaseModel) -> bool:
    if isinstance(model, BaseModel):
        return isinstance(getattr(model, "head", None), MultiLabelClsHead)
    cfg = model if isinstance(model, Config) else read_config(model)[0]
    head = (cfg.get("model") or {}).get("head")
    kind = head.get("type") if isinstance(head, dict) else None
    kind = MODELS.get(kind) if isinstance(kind, str) else kind
    return isclass(kind) and issubclass(kind, MultiLabelClsHead)
