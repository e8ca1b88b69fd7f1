"""Selection of the thresholds that a trained model predicts with."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from numbers import Real
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from torch import nn

from ..metrics.chosen_on import read_chosen_on, refit_of
from ..utils.class_values import class_values
from ..utils.json_content import parse_json


class ChosenThresholds(NamedTuple):
    """Thresholds of the classes and their source.

    Attributes:
        values: Threshold of each class, of shape (C,).
        source: Source of the thresholds: 'argument', 'head', 'file', 'checkpoint' or 'default'.
        chosen_on: Description of the data on which they were chosen; None if it is not known.
    """

    values: np.ndarray
    source: str
    chosen_on: Mapping[str, Any] | None = None


def chosen_thresholds(
    thresholds: float | Sequence[float] | Mapping[str, float] | str | os.PathLike[str] | None,
    head: nn.Module | None,
    stored: Mapping[str, Any] | None,
    class_names: Sequence[str],
    caller: str,
    trained_names: Sequence[str] | None = None,
    file: str | os.PathLike[str] | None = None,
) -> ChosenThresholds:
    """Select the thresholds from the source with the highest priority.

    The sources in descending priority are: the argument; a threshold per class in the head of the config; the
    file beside the checkpoint, which may be newer than the checkpoint; the thresholds in the checkpoint,
    which validation chose for its weights; a single threshold in the head; 0.5.

    Args:
        thresholds: Value of the argument: one number, one number per class, values by class name, or the path
            of a file with values by class name.
        head: Head of the model.
        stored: ``{"classes": [...], "thresholds": [...]}`` of the checkpoint.
        class_names: Names of the C classes.
        caller: Name of the class or function with the argument, for error messages.
        trained_names: Names of the classes during training, if ``class_names`` are new names. They are used
            to look up the thresholds of the checkpoint and of the file.
        file: File of :func:`thresholds_beside`; None if there is none.

    Returns:
        The thresholds and their source.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the thresholds do not match the classes, or a single threshold is not in [0, 1].

    Example:
        >>> chosen_thresholds({"dog": 0.2, "cat": 0.7}, None, None, ["cat", "dog"], "predict")
        ChosenThresholds(values=array([0.7, 0.2]), source='argument', chosen_on=None)
    """
    source, num_classes = "argument", len(class_names)
    if thresholds is None:
        source, thresholds = _thresholds_without_argument(head, stored, file)
    chosen_on = read_chosen_on(thresholds) if isinstance(thresholds, (str, os.PathLike)) else None
    if isinstance(thresholds, (float, Real)):  # NumPy numbers are Real, but not all of them are floats
        if not 0 <= float(thresholds) <= 1:
            raise ValueError(
                f"The 'thresholds' argument of {caller} must be in [0, 1] if it is one number. Got "
                f"{thresholds} instead."
            )
        thresholds = [thresholds] * num_classes
    if source == "checkpoint" and stored is not None:
        class_names = stored["classes"] if trained_names is None else trained_names
        chosen_on = stored.get("chosen_on")
    elif source == "file" and trained_names is not None:
        class_names = trained_names
    values = class_values(thresholds, "thresholds", class_names, num_classes, caller)
    return ChosenThresholds(values.astype(float), source, chosen_on)


def thresholds_beside(weights: str | os.PathLike[str] | None, meta: Mapping[str, Any]) -> Path | None:
    """Return the file ``thresholds.json`` in the folder of a checkpoint if it belongs to its weights.

    Args:
        weights: Path or URL of the checkpoint; None if there is none.
        meta: The entry ``meta`` of the checkpoint.

    Returns:
        The file; None if it does not exist, or was chosen for weights after another number of iterations,
        or for another head of them.
        A file that is malformed is returned, too; the error is raised when its thresholds are read.
    """
    if weights is None or "://" in os.fspath(weights):
        return None
    path = Path(weights).parent / "thresholds.json"
    if not path.is_file():
        return None
    try:
        content = parse_json(path.read_bytes(), f"The file {path}")
    except ValueError:
        return path
    if not isinstance(content, dict) or content.get("iter") is None:
        return path
    has_same_weights = content["iter"] == meta.get("iter", content["iter"])
    return path if has_same_weights and content.get("refit") == refit_of(meta) else None


def _thresholds_without_argument(
    head: nn.Module | None, stored: Mapping[str, Any] | None, file: str | os.PathLike[str] | None
) -> tuple[str, Any]:
    if (class_thresholds := getattr(head, "class_thresholds", None)) is not None:
        return "head", class_thresholds.tolist()
    if file is not None:
        return "file", file
    if stored is not None:
        return "checkpoint", dict(zip(stored["classes"], stored["thresholds"]))
    threshold = getattr(head, "thr", None)
    if isinstance(threshold, (int, float)) and threshold != 0.5:
        return "head", threshold
    return "default", 0.5
