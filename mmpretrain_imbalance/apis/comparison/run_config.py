"""Config of one run: a base config with a method, a setting, a seed and the values of a trial."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ...datasets.config_datasets import REPEATING_DATASETS, split_config
from ...utils.argument_checks import type_name
from .compared_method import ComparedMethod
from .compared_setting import ComparedSetting
from .data_parts import DataParts
from .insert_method import insert_method

_CALLER = "compare_methods"
_HOOKS = ("EpochSeedHook", "LabelStatisticsHook", "BestThresholdsHook")
_METRICS = ("PartialLabelAveragePrecision", "PartialLabelMetric")


def check_base_config(cfg: Config, name: str) -> None:
    """Check that a config can be the base of a comparison.

    Args:
        cfg: The config.
        name: Its path, for the messages.

    Raises:
        ValueError: If it has no model with a head, no training or test data, or is not trained by epochs.
    """
    for key in ("model", "train_dataloader", "test_dataloader", "optim_wrapper", "train_cfg"):
        if not cfg.get(key):
            raise ValueError(
                f"{name}: expected the setting {key!r}, found none. A base config has data, model, "
                "schedule and runtime, like those in configs/_base_/protocols."
            )
    if not cfg.model.get("head"):
        raise ValueError(f"{name}: expected a model with a 'head', whose loss a method replaces, found none.")
    if not cfg.train_cfg.get("by_epoch", cfg.train_cfg.get("type") != "IterBasedTrainLoop"):
        raise ValueError(
            f"{name}: expected training by epochs, found by_epoch=False in train_cfg. Set by_epoch=True and "
            "max_epochs."
        )
    epochs = cfg.train_cfg.get("max_epochs")
    if not isinstance(epochs, int) or epochs < 1:
        raise ValueError(f"{name}: expected a positive integer as train_cfg.max_epochs, found {epochs!r}.")
    if "lr" not in cfg.optim_wrapper.get("optimizer", {}):
        raise ValueError(f"{name}: expected one learning rate, optim_wrapper.optimizer.lr, found none.")


def run_config(
    base: Config,
    method: ComparedMethod,
    setting: ComparedSetting,
    seed: int,
    changes: Mapping[str, Any],
    parts: DataParts,
    class_prior: Path | None = None,
) -> Config:
    """Compose the config of a run.

    Args:
        base: The base config. It is not modified.
        method: The method.
        setting: The setting.
        seed: Seed of the hidden labels, the initial weights and the order of the images.
        changes: Values of the trial, by the dotted key of a part of the method; ``'learning_rate'`` is a
            factor.
        parts: The parts of the training set.
        class_prior: File of the class prior, for a method that requires one.

    Returns:
        A complete config. It is validated after the last epoch on the validation part, and tested on the test
        set or on the test part.
    """
    cfg = deepcopy(base)
    insert_method(cfg, method, parts.figures, parts.num_samples, changes, class_prior)
    _insert_data(cfg, setting, seed, parts)
    _set_runtime(cfg, seed)
    return cfg


def _insert_data(cfg: Config, setting: ComparedSetting, seed: int, parts: DataParts) -> None:
    measured = setting.dataset(split_config(cfg, "train", _CALLER), seed)
    holder: Any = cfg.train_dataloader
    while type_name(holder["dataset"]["type"]) in REPEATING_DATASETS:
        holder = holder["dataset"]
    holder["dataset"] = parts.subset(setting.dataset(holder["dataset"], seed), "train")
    if parts.num_train % cfg.train_dataloader.get("batch_size", 1) == 1:
        cfg.train_dataloader.drop_last = True  # batch normalization cannot train on one image
    loader = dict(cfg.test_dataloader.to_dict(), sampler=dict(type="DefaultSampler", shuffle=False))
    cfg.val_dataloader = dict(loader, dataset=_with_negatives(parts.subset(measured, "val"), parts))
    if (parts.folder / "test.npy").exists():
        cfg.test_dataloader = dict(loader, dataset=_with_negatives(parts.subset(measured, "test"), parts))
    for name in ("train", "val", "test"):
        # Workers that live longer than an epoch draw numbers that a resumed run could not draw again.
        cfg[f"{name}_dataloader"].persistent_workers = False


def _with_negatives(dataset: dict[str, Any], parts: DataParts) -> dict[str, Any]:
    if parts.figures.has_negatives:
        return dataset
    return dict(type="UnknownAsNegative", dataset=dataset, _scope_="mmpretrain")


def _set_runtime(cfg: Config, seed: int) -> None:
    cfg.default_scope = "mmpretrain"
    present = {type_name(hook["type"]) for hook in cfg.custom_hooks}
    cfg.custom_hooks = [*cfg.custom_hooks, *(dict(type=name) for name in _HOOKS if name not in present)]
    cfg.default_hooks = cfg.get("default_hooks") or {}
    cfg.default_hooks.checkpoint = dict(type="CheckpointHook", interval=1, max_keep_ckpts=1)
    cfg.train_cfg.val_interval = cfg.train_cfg.max_epochs + 1
    cfg.val_cfg, cfg.test_cfg = cfg.get("val_cfg") or {}, cfg.get("test_cfg") or {}
    cfg.val_evaluator = cfg.test_evaluator = [dict(type=name) for name in _METRICS]
    cfg.randomness = dict(cfg.get("randomness") or {}, seed=seed)
    cfg.resume, cfg.launcher = False, "none"
