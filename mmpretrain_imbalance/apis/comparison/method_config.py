"""Config file that trains a method on the data and with the model of another config."""

from __future__ import annotations

import os
from copy import deepcopy
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmpretrain.registry import DATASETS

from ...datasets import dataset_label_store
from ...utils.files import atomic_write
from ..dataset_predictions import split_config
from ..store_figures import store_figures
from .compared_method import ComparedMethod
from .insert_method import insert_method


def write_method_config(
    base: str | os.PathLike[str],
    method: ComparedMethod,
    changes: dict[str, Any],
    path: str | os.PathLike[str],
    comment: str,
    class_prior: Path | None = None,
) -> None:
    """Write a config that inherits from a base config and replaces its method.

    Args:
        base: Path of the base config.
        method: The method.
        changes: Values of the chosen trial.
        path: Path of the new config; an existing one is replaced.
        comment: First line of the file.
        class_prior: File of the class prior, for a method that requires one.
    """
    before = Config.fromfile(base)
    after = deepcopy(before)
    with DefaultScope.overwrite_default_scope("mmpretrain"):
        dataset = DATASETS.build(split_config(before, "train", "recommend_method"))
    labels = dataset_label_store(dataset)
    insert_method(after, method, store_figures(labels), len(labels), changes, class_prior)
    changed = Config(_differences(before, after)).pretty_text
    text = f"# {comment}\n_base_ = {os.path.abspath(base)!r}\n\n{changed}"
    with atomic_write(path) as file:
        file.write(text)


def _differences(before: Config, after: Config) -> dict[str, Any]:
    """Return the settings of a config that inherits from ``before`` and is ``after``."""
    old, new = before.to_dict(), after.to_dict()
    changed: dict[str, Any] = {"model": {"head": dict(new["model"]["head"], _delete_=True)}}
    for part in ("backbone", "neck"):
        if old["model"].get(part) != new["model"].get(part):
            changed["model"][part] = new["model"][part] and dict(new["model"][part], _delete_=True)
    sampler = new["train_dataloader"].get("sampler")
    if sampler != old["train_dataloader"].get("sampler"):
        changed["train_dataloader"] = {"sampler": dict(sampler, _delete_=True)}
    for name in ("optim_wrapper", "param_scheduler"):
        if new.get(name) != old.get(name):
            is_dict = isinstance(new[name], dict)
            changed[name] = dict(new[name], _delete_=True) if is_dict else new[name]
    for name in ("custom_hooks", "custom_imports"):
        if new.get(name) != old.get(name):
            changed[name] = new[name]
    return changed
