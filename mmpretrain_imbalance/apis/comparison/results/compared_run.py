"""Finished and unfinished runs of a comparison of methods."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class ComparedRun:
    """A finished run: the chosen trial of a method on some data, in a setting, with a seed.

    Attributes:
        data: Name of the data.
        setting: Name of the setting, which determines the labels that are known in training.
        method: Name of the method.
        seed: Seed of the run. Runs with the same data, setting and seed are paired.
        folder: Work folder of the chosen trial, with ``predictions.npz``, ``thresholds.json`` and
            ``timing.json``.
        trial: Index of the chosen trial.
        num_trials: Number of trials of the method, its budget for tuning.
        values: What the chosen trial changed, by dotted key; empty for the default values.
        training_positives: Number of positives of each class in the training set as annotated, before a
            simulation hides any, of shape (C,).
    """

    data: str
    setting: str
    method: str
    seed: int
    folder: Path
    trial: int
    num_trials: int
    values: dict[str, Any]
    training_positives: np.ndarray

    @property
    def name(self) -> str:
        """Name of the run in messages."""
        return f"{self.data}, {self.setting}, {self.method}, seed {self.seed}"


@dataclass(frozen=True)
class UnfinishedRun:
    """A run that has no results.

    Attributes:
        data: Name of the data.
        setting: Name of the setting.
        method: Name of the method.
        seed: Seed of the run.
        reason: Reason for the missing results, such as 'not started' or the message of an error.
    """

    data: str
    setting: str
    method: str
    seed: int
    reason: str
