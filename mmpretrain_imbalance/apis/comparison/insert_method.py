"""Insertion of a method into a config: loss, head, sampler, hooks, learning rate and class prior."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ...datasets import samplers
from ...functional.method_advice import LabelFigures
from ...utils.argument_checks import type_name
from ..loss_arguments import arguments_from_data
from .compared_method import ComparedMethod
from .trials import LEARNING_RATE

#: Hooks that belong to a method.
_METHOD_HOOKS = ("AveragedPredictionsHook", "RefitHeadHook", "SoftLabelsHook")


def insert_method(
    cfg: Config,
    method: ComparedMethod,
    figures: LabelFigures,
    num_images: int,
    changes: Mapping[str, Any],
    class_prior: Path | None = None,
) -> None:
    """Replace the method of a config.

    The loss and the samplers of this package are parts of a method: those of the config are not kept. Its
    network, its schedule and its other hooks are kept.

    Args:
        cfg: The config. It is modified.
        method: The method.
        figures: Figures of the labels of the training set, on which arguments of the loss depend.
        num_images: Number of images of the whole training set, to which sample ids belong.
        changes: Values of a trial, by the dotted key of a part of the method; ``'learning_rate'`` is a
            factor.
        class_prior: File of the class prior, for a method that requires one.

    Raises:
        ValueError: If the method requires a class prior and its loss has none, or needs another file.
    """
    parts = deepcopy(method.parts)
    parts["loss"] = arguments_from_data(
        method.parts["loss"],
        figures,
        num_images,
        cfg.train_cfg.max_epochs,
        method=method.name,
        caller="compare_methods",
        replace=method.is_shipped,
    )
    _change(parts, {**method.values, **changes})
    if class_prior is not None:
        _set_class_prior(parts["loss"], str(class_prior), method.name)
    elif not has_class_prior(figures):
        _ignore_prior(parts["loss"])
    _remove_parts(cfg)
    _insert_parts(cfg, parts)
    _scale_learning_rate(cfg, changes.get(LEARNING_RATE, 1.0))
    imports = (cfg.get("custom_imports") or {}).get("imports", [])
    imports = [imports] if isinstance(imports, str) else list(imports)
    cfg.custom_imports = dict(
        imports=list(dict.fromkeys([*imports, "mmpretrain_imbalance", *method.imports])),
        allow_failed_imports=False,
    )


def has_class_prior(figures: LabelFigures) -> bool:
    """Return whether a run that ignores unknown labels can estimate a class prior.

    It cannot without annotated negatives, or if a fixed number of labels of each class is annotated: then
    even the corrected values of :func:`estimate_class_prior` are too large for thresholds of the methods.

    Args:
        figures: Figures of the labels of the training set.
    """
    return figures.has_negatives and not figures.fixed_number


def _change(parts: dict[str, Any], changes: Mapping[str, Any]) -> None:
    """Set the values of a trial in the parts of a method."""
    for key, value in changes.items():
        if key != LEARNING_RATE:
            *path, last = key.split(".")
            node = parts
            for name in path:
                node = node[name]
            node[last] = value


def _set_class_prior(loss: dict[str, Any], path: str, method: str) -> None:
    """Set the class prior of the outermost loss of a composition that has one."""
    level: Any = loss
    while isinstance(level, dict):
        if "class_prior" in level:
            level["class_prior"] = path
            return
        level = level.get("loss")
    raise ValueError(
        f"The loss of the method {method!r} must have an argument 'class_prior', because its 'requires' "
        "names it. Got a loss without it instead. Add class_prior=None to the config of the loss."
    )


def _ignore_prior(loss: dict[str, Any]) -> None:
    if "class_prior" in loss and "prior_threshold" in loss:
        loss["class_prior"] = loss["prior_threshold"] = None
    if isinstance(loss.get("loss"), dict):
        _ignore_prior(loss["loss"])


def _remove_parts(cfg: Config) -> None:
    """Remove the parts of another method that are no loss: sampler, hook, and computation of few classes."""
    if type_name((cfg.train_dataloader.get("sampler") or {}).get("type", "")) in samplers.__all__:
        cfg.train_dataloader.sampler = dict(type="DefaultSampler", shuffle=True)
    if type_name(cfg.model.head.type) == "ActiveClassesLinearClsHead":
        cfg.model.head.type = "PartialLabelLinearClsHead"
        cfg.model.head.pop("active_fraction", None)
    hooks = cfg.get("custom_hooks") or []
    cfg.custom_hooks = [hook for hook in hooks if type_name(hook["type"]) not in _METHOD_HOOKS]


def _insert_parts(cfg: Config, parts: dict[str, Any]) -> None:
    head = {name: value for name, value in cfg.model.head.to_dict().items() if name != "loss"}
    cfg.model.head = {**head, **parts.get("head", {}), "loss": parts["loss"]}
    if cfg.model.head.get("boost_lu", 1) != 1 or cfg.model.head.get("activation_maps", False):
        # Such a head needs the features of all positions.
        cfg.model.neck = None
        if type_name(cfg.model.backbone.type) == "SmallConvNet":
            cfg.model.backbone.pool = None
    if "sampler" in parts:
        cfg.train_dataloader.sampler = parts["sampler"]
    if "paramwise_cfg" in parts:
        old, new = cfg.optim_wrapper.get("paramwise_cfg") or {}, parts["paramwise_cfg"]
        keys = {**old.get("custom_keys", {}), **new.get("custom_keys", {})}
        cfg.optim_wrapper.paramwise_cfg = {**old, **new, "custom_keys": keys}
    cfg.custom_hooks = [*cfg.custom_hooks, *parts.get("hooks", [])]


def _scale_learning_rate(cfg: Config, factor: float) -> None:
    cfg.optim_wrapper.optimizer.lr *= factor
    schedulers = cfg.get("param_scheduler") or []
    for scheduler in schedulers if isinstance(schedulers, (list, tuple)) else [schedulers]:
        for name in ("eta_max", "eta_min"):
            if scheduler.get(name):
                scheduler[name] *= factor
