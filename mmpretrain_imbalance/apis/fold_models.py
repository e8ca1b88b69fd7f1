"""Training of one model per fold, so that every training image has a model that has not seen it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.runner import Runner, find_latest_checkpoint

from ..datasets.config_datasets import REPEATING_DATASETS
from ..utils.argument_checks import type_name
from ..utils.files import atomic_write
from .config_text import skip_formatting


def train_fold_models(
    cfg: Config,
    folds: np.ndarray,
    work_dir: str | os.PathLike[str],
    fingerprint: str = "",
    on_fold: Callable[[int, str], None] = lambda fold, state: None,
) -> Iterator[tuple[str, np.ndarray]]:
    """Train a model for each fold, on all images except those of the fold.

    Everything else is as in the config. The models are trained one after the other. A stopped call is resumed
    by the same call: finished folds are not trained again, and an unfinished one continues with its last
    checkpoint.

    Args:
        cfg: The config. It is not modified.
        folds: Fold of each image of the training set, counted without repetition, integers of shape (N,).
        work_dir: Folder with the work folder ``fold_k`` of each model.
        fingerprint: Text that changes with the labels, so that other labels need another folder.
        on_fold: Called before each fold with its number and ``'finished'``, ``'resumed'`` or ``'new'``.

    Yields:
        The path of the checkpoint of each model, and the images of its fold, of shape (M,).

    Raises:
        ValueError: If the folder belongs to another config, other labels or other folds.
    """
    work_dir = Path(work_dir)
    num_folds = int(folds.max()) + 1
    _check_settings(cfg, folds, fingerprint, work_dir)
    for fold in range(num_folds):
        images = np.flatnonzero(folds == fold)
        fold_dir = work_dir / f"fold_{fold}"
        finished = fold_dir / "finished.json"
        if finished.exists():
            on_fold(fold, "finished")
        else:
            has_checkpoint = fold_dir.exists() and find_latest_checkpoint(str(fold_dir)) is not None
            on_fold(fold, "resumed" if has_checkpoint else "new")
            with atomic_write(fold_dir / "trained_images.npy", "wb") as file:
                np.save(file, np.flatnonzero(folds != fold))
            _train(cfg, fold_dir, len(folds), has_checkpoint)
            checkpoint = find_latest_checkpoint(str(fold_dir))
            if checkpoint is None:
                raise ValueError(
                    "The 'cfg' argument of train_fold_models must have a CheckpointHook that saves the last "
                    f"epoch. Got no checkpoint in {fold_dir} instead."
                )
            with atomic_write(finished) as file:
                json.dump({"checkpoint": Path(checkpoint).name}, file)
        checkpoint = json.loads(finished.read_text(encoding="utf-8"))["checkpoint"]
        yield str(fold_dir / checkpoint), images


def _train(cfg: Config, fold_dir: Path, num_samples: int, resume: bool) -> None:
    cfg = deepcopy(cfg)
    skip_formatting(cfg)
    cfg.work_dir, cfg.resume, cfg.launcher = str(fold_dir), resume, "none"
    # MMEngine has one logger and one visualizer per name in a process.
    cfg.experiment_name = f"{fold_dir.resolve().parent.name}_{fold_dir.name}_{os.getpid()}"
    loader, key = cfg.train_dataloader, "dataset"
    while type_name(loader[key]["type"]) in REPEATING_DATASETS:
        loader, key = loader[key], "dataset"
    loader[key] = dict(
        type="DatasetSubset",
        dataset=loader[key],
        indices=str(fold_dir / "trained_images.npy"),
        num_samples=num_samples,
        _scope_="mmpretrain",
    )
    with DefaultScope.overwrite_default_scope("mmpretrain"):
        Runner.from_cfg(cfg).train()


def _check_settings(cfg: Config, folds: np.ndarray, fingerprint: str, work_dir: Path) -> None:
    """Write the settings of a new folder, or compare them with those of an existing one."""
    parts: dict[str, Any] = {
        name: cfg.get(name)
        for name in ("model", "data_preprocessor", "train_dataloader", "optim_wrapper", "param_scheduler")
    }
    parts["train_cfg"], parts["randomness"] = cfg.get("train_cfg"), cfg.get("randomness")
    settings = {
        "config": hashlib.sha256(Config(parts).pretty_text.encode()).hexdigest(),
        "labels": fingerprint,
        "folds": hashlib.sha256(np.ascontiguousarray(folds, dtype="<i8").tobytes()).hexdigest(),
    }
    path = work_dir / "folds.json"
    if path.exists():
        stored = json.loads(path.read_text(encoding="utf-8"))
        different = [key for key in settings if stored.get(key) != settings[key]]
        if different:
            raise ValueError(
                "The 'work_dir' argument of train_fold_models must be a new folder, or one with the same "
                f"config, labels and folds. Got {str(work_dir)!r} with other {', '.join(different)} instead."
            )
        return
    with atomic_write(path) as file:
        json.dump(settings, file)
