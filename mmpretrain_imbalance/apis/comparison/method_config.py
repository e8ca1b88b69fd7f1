"""Config file that trains a method on the data and with the model of another config."""

from __future__ import annotations

import os
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmpretrain.registry import DATASETS

from ...datasets import dataset_label_store
from ...datasets.config_datasets import split_config
from ...utils.files import atomic_write
from ..store_figures import store_figures
from .compared_method import ComparedMethod
from .insert_method import has_class_prior, insert_method


def write_method_config(
    base: str | os.PathLike[str],
    method: ComparedMethod,
    path: str | os.PathLike[str],
    comment: str,
    class_prior: Path | None = None,
) -> None:
    """Write a config that inherits from a base config, and has the method in place of the old one.

    Its work folder is beside it and has its name, so that its training does not mix with one of the base
    config. Every other setting is that of :func:`insert_method`.

    Args:
        base: Path of the base config.
        method: The method.
        path: Path of the new config. An existing file is not changed.
        comment: First line of the file.
        class_prior: File of the class prior, for a method that requires one. It is not used if such labels
            have no class prior.
    """
    path = Path(os.path.abspath(path))
    if path.exists():
        return
    before = Config.fromfile(base)
    after = deepcopy(before)
    with DefaultScope.overwrite_default_scope("mmpretrain"):
        labels = dataset_label_store(DATASETS.build(split_config(before, "train", "write_method_config")))
    figures = store_figures(labels)
    insert_method(after, method, figures, len(labels), {}, class_prior if has_class_prior(figures) else None)
    after.work_dir = str(path.with_suffix(""))
    changes = Config(changed_settings(before.to_dict(), after.to_dict())).pretty_text
    with atomic_write(path) as file:
        file.write(f"# {comment}\n_base_ = {os.path.abspath(base)!r}\n\n{changes}")


def changed_settings(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a config must contain to inherit ``old`` and be ``new``.

    Args:
        old: The settings of the base config.
        new: All settings. They include every name at the top of ``old``.

    Returns:
        The changed settings. A component of another type, and one that lacks an argument, is replaced.

    Example:
        >>> loss = dict(type='HillLoss', gamma=2)
        >>> changed_settings(dict(loss=dict(type='MSELoss'), lr=1), dict(loss=loss, lr=1))
        {'loss': {'type': 'HillLoss', 'gamma': 2, '_delete_': True}}
    """
    changed: dict[str, Any] = {}
    for name, value in new.items():
        before = old.get(name)
        if name in old and value == before:
            continue
        if not isinstance(value, Mapping) or name not in old:
            changed[name] = value
        elif isinstance(before, Mapping) and _can_be_merged(before, value):
            changed[name] = changed_settings(before, value)
        else:
            changed[name] = dict(value, _delete_=True)
    return changed


def _can_be_merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    return old.keys() <= new.keys() and old.get("type") == new.get("type")
