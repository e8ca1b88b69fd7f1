"""Losses and metrics of a training, read from the ``scalars.json`` files of MMEngine."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...utils.json_content import parse_json
from .run_folder import log_folders

#: Prefix of the metrics of this package; earlier versions used that of MMPretrain.
OWN_PREFIX, EARLIER_PREFIX = "partial-label/", "multi-label/"
# Metrics of this package that MMPretrain does not have. They identify records of the earlier prefix.
_OWN_METRICS = {"mAP_O", "num_classes_evaluated", "CF1", "macro_f1", "exact_match"}
_NO_METRICS = {"data_time", "time", "step", "iter", "epoch", "lr", "memory", "grad_norm"}


@dataclass
class TrainingLog:
    """Values of a training by epoch, or by iteration if it has no epochs.

    Attributes:
        unit: 'epoch' or 'iteration'.
        loss: Mean training loss by epoch or iteration.
        metrics: Values of each metric by epoch or iteration. The metrics of this package have no prefix; all
            other metrics have the name of the log.
    """

    unit: str = "epoch"
    loss: dict[int, float] = field(default_factory=dict)
    metrics: dict[str, dict[int, float]] = field(default_factory=dict)

    def discard_from(self, first: int) -> None:
        """Remove all values at and after an epoch or iteration, which a later training repeated."""
        for values in (self.loss, *self.metrics.values()):
            for step in [step for step in values if step >= first]:
                del values[step]


def read_training_log(work_dir: str | os.PathLike[str]) -> TrainingLog:
    """Read the losses and metrics of the trainings in a work folder.

    Logs of tests are skipped. If a training was resumed, its log continues the earlier one; if a training was
    repeated in the same folder, its log replaces the earlier one.

    Args:
        work_dir: The work folder.

    Returns:
        The log, empty if the folder has none.

    Raises:
        ValueError: If a line of a log is not valid. The last line may be incomplete: the training may be
            running, or was killed.
    """
    log = TrainingLog()
    for folder in log_folders(work_dir):
        path = folder / "vis_data" / "scalars.json"
        records = _read_records(path) if path.is_file() else []
        trained = [record for record in records if "loss" in record]
        if trained:
            log.unit = "epoch" if "epoch" in trained[0] else "iteration"
            _add(log, records, trained)
    return log


def _add(log: TrainingLog, records: list[dict[str, Any]], trained: list[dict[str, Any]]) -> None:
    key = "epoch" if log.unit == "epoch" else "step"
    losses: dict[int, list[float]] = {}
    for record in trained:
        losses.setdefault(int(record[key]), []).append(float(record["loss"]))
    log.discard_from(min(losses))
    log.loss.update({step: sum(values) / len(values) for step, values in losses.items()})
    for record in records:
        if "loss" not in record and "step" in record:
            for name, value in metrics_of(record).items():
                log.metrics.setdefault(name, {})[int(record["step"])] = value


def metrics_of(record: dict[str, Any]) -> dict[str, float]:
    """Return the metrics of a record of a validation.

    MMPretrain's metrics have the prefix that the metrics of this package had in earlier versions. A record of
    an earlier version is recognized by metrics that MMPretrain does not have.

    Args:
        record: The record.

    Returns:
        The metrics of this package without prefix, and the other metrics with their complete names.

    Example:
        >>> metrics_of({"partial-label/mAP": 70.0, "multi-label/mAP": 60.0, "step": 1})
        {'mAP': 70.0, 'multi-label/mAP': 60.0}
        >>> metrics_of({"multi-label/mAP": 70.0, "multi-label/mAP_O": 71.0})
        {'mAP': 70.0, 'mAP_O': 71.0}
    """
    numbers = {
        name: float(value)
        for name, value in record.items()
        if isinstance(value, (int, float))
        and name not in _NO_METRICS
        and not name.startswith("label_statistics/")
    }
    own = OWN_PREFIX
    if not any(name.startswith(OWN_PREFIX) for name in numbers) and any(
        EARLIER_PREFIX + name in numbers for name in _OWN_METRICS
    ):
        own = EARLIER_PREFIX
    return {name[len(own) :] if name.startswith(own) else name: value for name, value in numbers.items()}


def _read_records(path: Path) -> list[dict[str, Any]]:
    records, lines = [], path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, start=1):
        try:
            record = parse_json(line, f"The file {path}")
        except ValueError:
            record = None
        if not isinstance(record, dict):
            if number == len(lines):
                break
            raise ValueError(f"{path}, line {number}: expected a JSON object, found {line[:60]!r}.")
        records.append(record)
    return records
