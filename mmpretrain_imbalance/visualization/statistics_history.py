"""Reader of the values per class that ``LabelStatisticsHook`` recorded during a run."""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np

from ..utils.json_content import parse_json


def read_statistics_histories(
    work_dir: str | os.PathLike[str], to_last_checkpoint: bool = False
) -> tuple[list[str], dict[str, np.ndarray]]:
    """Read all values of all classes after each update.

    If two nested losses record a value of the same name, the value of the outer loss is returned.

    Args:
        work_dir: Work folder of the run.
        to_last_checkpoint: Whether to skip records that are later than the last checkpoint. They may be left
            from an earlier, longer training in the same folder.

    Returns:
        The class names, and the values by name, of shape (updates, C), in the order of the updates; NaN after
        an update that did not record the value.

    Raises:
        ValueError: If a record is invalid, or has other classes than the first record.
    """
    folder = Path(work_dir) / "label_statistics"
    paths = sorted(folder.glob("*_*.json"), key=lambda path: _unit_and_number(path.stem)[1])
    if to_last_checkpoint:
        unit, last = _last_checkpoint(Path(work_dir))
        updates = [_unit_and_number(path.stem) for path in paths]
        paths = [path for path, update in zip(paths, updates) if update[0] != unit or update[1] <= last]
    classes: list[str] = []
    histories: dict[str, np.ndarray] = {}
    for update, path in enumerate(paths):
        try:
            content = parse_json(path.read_bytes(), f"The file {path}")
            named = {
                name: values
                for state in reversed(content["losses"].values())
                for name, values in state.items()
            }
            classes = classes or content["classes"]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(
                f"{path}: expected label statistics written by LabelStatisticsHook, found {error!r}. Remove "
                "the file."
            ) from error
        if content["classes"] != classes:
            raise ValueError(
                f"{path}: expected the classes of {paths[0].name}, found different classes. Remove the "
                "records of the other run."
            )
        for name, values in named.items():
            rows = histories.setdefault(name, np.full((len(paths), len(classes)), np.nan))
            # The hook writes null for NaN and infinity; NumPy converts it to NaN.
            rows[update] = np.array(values, dtype=np.float64)
    return classes, histories


def read_statistics_history(work_dir: str | os.PathLike[str], value: str) -> tuple[list[str], np.ndarray]:
    """Read one value of every class after each update that recorded it.

    Args:
        work_dir: Work folder of the run.
        value: Name of the value, such as ``'ideal_positive_ratio'`` or ``'class_prior'``.

    Returns:
        The class names, and the values of shape (updates, C), in the order of the updates.

    Raises:
        FileNotFoundError: If the run has no record of the value.
        ValueError: If a record is invalid, or has other classes than the first record.
    """
    classes, histories = read_statistics_histories(work_dir)
    if value not in histories:
        raise FileNotFoundError(
            f"No record of {value!r} in {Path(work_dir) / 'label_statistics'}. LabelStatisticsHook writes "
            "these records after each epoch."
        )
    values = histories[value]
    return classes, values[~np.isnan(values).all(axis=1)]


def _unit_and_number(name: str) -> tuple[str, int]:
    """Split a name such as 'epoch_12' into unit and number."""
    unit, _, number = name.rpartition("_")
    return unit, int(number)


def _last_checkpoint(work_dir: Path) -> tuple[str, float]:
    """Return unit and number of the checkpoint named in the file ``last_checkpoint``; no unit without it."""
    path = work_dir / "last_checkpoint"
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    name = Path(text.strip()).stem
    return _unit_and_number(name) if name.rpartition("_")[2].isdecimal() else ("", math.inf)
