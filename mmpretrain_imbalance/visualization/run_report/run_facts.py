"""Facts about a run that its metrics do not show: epoch, seed, date, duration, number of parameters."""

from __future__ import annotations

import datetime
import inspect
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from mmpretrain.registry import MODELS

from .run_folder import last_checkpoint, log_folders, run_config

# Settings that differ between any two runs, or do not change a result.
_SKIPPED = ("work_dir", "experiment_name", "log_level", "resume", "visualizer", "cfg")
_TIME = re.compile(r"^(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) - mmengine", re.MULTILINE)


@dataclass(frozen=True)
class RunFacts:
    """Facts about a run. None stands for a fact that is not recorded.

    Attributes:
        checkpoint: File name of the last checkpoint.
        epoch: Epochs or iterations of the last checkpoint, such as 'epoch 20'.
        seed: Seed of the random numbers.
        started: Start of the last training.
        duration: Sum of the durations of all trainings in the work folder.
        parameters: Number of parameters of the model.
        settings: Settings of the config by path, such as ``'model.head.loss.type'``.
    """

    checkpoint: str | None = None
    epoch: str | None = None
    seed: int | None = None
    started: datetime.datetime | None = None
    duration: datetime.timedelta | None = None
    parameters: int | None = None
    settings: dict[str, str] = field(default_factory=dict)


def read_run_facts(work_dir: str | os.PathLike[str]) -> RunFacts:
    """Read the facts about a run from the config, the checkpoint names and the logs in its work folder.

    Args:
        work_dir: The work folder.

    Returns:
        The facts; those that the folder does not contain are None.
    """
    try:
        config = run_config(work_dir)
    except FileNotFoundError:
        config = None
    try:
        checkpoint = last_checkpoint(work_dir)
    except FileNotFoundError:
        checkpoint = None
    logs = [_log_text(folder) for folder in log_folders(work_dir)]
    logs = [log for log in logs if "Epoch(train)" in log or "Iter(train)" in log]
    times = [_times(log) for log in logs if _TIME.search(log)]
    step = re.search(r"(epoch|iter)_(\d+)$", checkpoint.stem) if checkpoint else None
    return RunFacts(
        checkpoint=checkpoint.name if checkpoint else None,
        epoch=" ".join(step.groups()) if step else None,
        seed=_seed(config, logs),
        started=times[-1][0] if times else None,
        duration=sum((found[-1] - found[0] for found in times), datetime.timedelta()) if times else None,
        parameters=count_parameters(config) if config is not None else None,
        settings=_runner_settings(config) if config is not None else {},
    )


def count_parameters(config: Config) -> int | None:
    """Count the parameters of the model of a config.

    Args:
        config: The config.

    Returns:
        The number of parameters; None if the model cannot be built.
    """
    for device in ("meta", "cpu"):  # the first needs no memory, but not every model supports it
        try:
            with torch.device(device), DefaultScope.overwrite_default_scope("mmpretrain"):
                model = MODELS.build(config.model)
        except (AttributeError, ImportError, KeyError, OSError, RuntimeError, TypeError, ValueError):
            continue
        return sum(parameter.numel() for parameter in model.parameters())
    return None


def flat_settings(value: Any, path: str = "") -> dict[str, str]:
    """Return the settings of a nested config by path.

    Args:
        value: A dictionary, a list or a single setting.
        path: Path of the value.

    Returns:
        The text of each setting by its path.

    Example:
        >>> flat_settings({"model": {"type": "A", "layers": [{"width": 3}], "sizes": []}})
        {'model.type': 'A', 'model.layers[0].width': '3', 'model.sizes': '[]'}
    """
    if isinstance(value, Mapping) and value:
        parts = {f"{path}.{key}" if path else str(key): item for key, item in value.items()}
    elif isinstance(value, (list, tuple)) and any(isinstance(item, (Mapping, list, tuple)) for item in value):
        parts = {f"{path}[{index}]": item for index, item in enumerate(value)}
    else:
        return {path: str(value)}
    return {name: text for key, item in parts.items() for name, text in flat_settings(item, key).items()}


def _runner_settings(config: Config) -> dict[str, str]:
    """Return the settings that the runner receives, without variables that only name them."""
    names = [*inspect.signature(Runner.__init__).parameters, "auto_scale_lr"]
    chosen = {name: config[name] for name in names if name not in _SKIPPED and config.get(name) is not None}
    return flat_settings(Config(chosen).to_dict())


def _seed(config: Config | None, logs: list[str]) -> int | None:
    seed = (config.get("randomness") or {}).get("seed") if config is not None else None
    if seed is None and logs:  # MMEngine chose the seed, and wrote it to the log
        found = re.search(r"^ +seed: (\d+)$", logs[-1], re.MULTILINE)
        seed = found[1] if found else None
    return None if seed is None else int(seed)


def _times(log: str) -> list[datetime.datetime]:
    return [datetime.datetime.strptime(time, "%Y/%m/%d %H:%M:%S") for time in _TIME.findall(log)]


def _log_text(folder: Path) -> str:
    path = folder / f"{folder.name}.log"
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
