"""Selection of the thresholds that a trained model predicts with."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from torch import nn

from ..utils.class_values import class_values


class ChosenThresholds(NamedTuple):
    """Thresholds of the classes and their source.

    Attributes:
        values: Threshold of each class, of shape (C,).
        source: Source of the thresholds: 'argument', 'head', 'checkpoint' or 'default'.
    """

    values: np.ndarray
    source: str


def chosen_thresholds(
    thresholds: float | Sequence[float] | Mapping[str, float] | str | os.PathLike[str] | None,
    head: nn.Module | None,
    stored: Mapping[str, Any] | None,
    class_names: Sequence[str],
    caller: str,
    trained_names: Sequence[str] | None = None,
) -> ChosenThresholds:
    """Select the thresholds from the source with the highest priority.

    The sources in descending priority are: the argument; a threshold per class in the head of the config; the
    thresholds in the checkpoint, which validation chose for its weights; a single threshold in the head; 0.5.

    Args:
        thresholds: Value of the argument: one number, one number per class, values by class name, or the path
            of a file with values by class name.
        head: Head of the model.
        stored: ``{"classes": [...], "thresholds": [...]}`` of the checkpoint.
        class_names: Names of the C classes.
        caller: Name of the class or function with the argument, for error messages.
        trained_names: Names of the classes during training, if ``class_names`` are new names. They are used
            to look up the thresholds of the checkpoint.

    Returns:
        The thresholds and their source.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the thresholds do not match the classes, or a single threshold is not in [0, 1].

    Example:
        >>> chosen_thresholds({"dog": 0.2, "cat": 0.7}, None, None, ["cat", "dog"], "predict")
        ChosenThresholds(values=array([0.7, 0.2]), source='argument')
    """
    source, num_classes = "argument", len(class_names)
    if thresholds is None:
        source, thresholds = _thresholds_without_argument(head, stored)
    if isinstance(thresholds, (float, Real)):  # NumPy numbers are Real, but not all of them are floats
        if not 0 <= float(thresholds) <= 1:
            raise ValueError(
                f"The 'thresholds' argument of {caller} must be in [0, 1] if it is one number. Got "
                f"{thresholds} instead."
            )
        thresholds = [thresholds] * num_classes
    if source == "checkpoint" and stored is not None:
        class_names = stored["classes"] if trained_names is None else trained_names
    values = class_values(thresholds, "thresholds", class_names, num_classes, caller)
    return ChosenThresholds(values.astype(float), source)


def _thresholds_without_argument(head: nn.Module | None, stored: Mapping[str, Any] | None) -> tuple[str, Any]:
    if (class_thresholds := getattr(head, "class_thresholds", None)) is not None:
        return "head", class_thresholds.tolist()
    if stored is not None:
        return "checkpoint", dict(zip(stored["classes"], stored["thresholds"]))
    threshold = getattr(head, "thr", None)
    if isinstance(threshold, (int, float)) and threshold != 0.5:
        return "head", threshold
    return "default", 0.5
