"""Which thresholds a trained model predicts with."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import NamedTuple

import numpy as np
from torch import nn

from ..utils.class_values import class_values


class ChosenThresholds(NamedTuple):
    """Thresholds of the classes.

    Attributes:
        values: Threshold of each class, of shape (C,).
        source: Where they are from: 'argument', 'head', 'checkpoint' or 'default'.
    """

    values: np.ndarray
    source: str


def chosen_thresholds(
    thresholds: float | Sequence[float] | Mapping[str, float] | str | os.PathLike | None,
    head: nn.Module | None,
    stored: Mapping | None,
    class_names: Sequence[str],
    caller: str,
    trained_names: Sequence[str] | None = None,
) -> ChosenThresholds:
    """Take the thresholds that were asked for most explicitly.

    That is the argument; else a threshold for each class in the head of the config; else what validation
    chose for these weights, in the checkpoint; else the one number of the head; else 0.5.

    Args:
        thresholds: The argument: one number, one for each class, values by class name, or a file of them.
        head: The head of the model.
        stored: ``{"classes": [...], "thresholds": [...]}`` of the checkpoint.
        class_names: Names of the C classes.
        caller: Whose argument it is, for the messages.
        trained_names: What the classes were called in training, in their order, where ``class_names`` are new
            names; the thresholds of the checkpoint go by them.

    Returns:
        The thresholds and their source.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If they do not fit the classes, or one is no probability.

    Example:
        >>> chosen_thresholds({"dog": 0.2, "cat": 0.7}, None, None, ["cat", "dog"], "predict")
        ChosenThresholds(values=array([0.7, 0.2]), source='argument')
    """
    source, num_classes = "argument", len(class_names)
    if thresholds is None:
        source, thresholds = _without_argument(head, stored)
    if isinstance(thresholds, Real):
        if math.isnan(thresholds) or not 0 <= thresholds <= 1:
            raise ValueError(
                f"The 'thresholds' argument of {caller} must be a probability where it is one number. Got "
                f"{thresholds} instead."
            )
        thresholds = [thresholds] * num_classes
    if source == "checkpoint":
        class_names = stored["classes"] if trained_names is None else trained_names
    values = class_values(thresholds, "thresholds", class_names, num_classes, caller)
    return ChosenThresholds(values.astype(float), source)


def _without_argument(head: nn.Module | None, stored: Mapping | None):
    if (of_classes := getattr(head, "class_thresholds", None)) is not None:
        return "head", of_classes.tolist()
    if stored is not None:
        return "checkpoint", dict(zip(stored["classes"], stored["thresholds"]))
    number = getattr(head, "thr", None)
    if isinstance(number, (int, float)) and number != 0.5:
        return "head", number
    return "default", 0.5
