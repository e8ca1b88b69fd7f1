"""Arguments of a loss that depend on the training set and on the number of epochs."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Mapping
from typing import Any

from mmpretrain.registry import MODELS

from ..functional.method_advice import LabelFigures

#: Losses whose number of warm-up epochs is half of all epochs, as in their published schedule.
WARM_UP_OF_HALF = frozenset({"AsymmetricPseudoLabelLoss"})


def arguments_from_data(
    loss: Mapping[str, Any],
    figures: LabelFigures,
    num_images: int,
    max_epochs: int,
    *,
    method: str,
    caller: str,
    replace: bool = True,
) -> dict[str, Any]:
    """Set the arguments of a composition of losses that depend on the training set.

    At every level, these are the required arguments ``num_images``, ``num_classes`` and
    ``expected_positives`` that the config lacks, and ``warmup_epochs`` of
    :class:`AsymmetricPseudoLabelLoss`, half of all epochs.

    Args:
        loss: Config of the loss.
        figures: Figures of the training set.
        num_images: Number of training images, including those that the dataset filters out.
        max_epochs: Number of epochs.
        method: Name of the method, for the message.
        caller: Name of the function that the user called, for the message.
        replace: Whether to replace ``warmup_epochs`` of the config, which in the shipped file is that of the
            paper; not in the file of a user, who has chosen it.

    Returns:
        A new config. The argument is not changed.

    Raises:
        ValueError: If the loss needs a file that only another run can write.

    Example:
        >>> from mmpretrain_imbalance.functional import label_figures
        >>> loss = dict(type='ClassPriorTrackingLoss', loss=dict(type='ExpectedPositivesLoss'))
        >>> figures = label_figures([30, 10], [20, 40], [50, 50])
        >>> arguments_from_data(loss, figures, 100, 20, method='own', caller='compare')['loss']
        {'type': 'ExpectedPositivesLoss', 'expected_positives': 0.8}
    """
    numbers = dict(num_images=num_images, num_classes=figures.num_classes, warmup_epochs=max_epochs // 2)
    filled = copy.deepcopy(dict(loss))
    arguments = own_arguments_from_data(loss, figures, numbers, method=method, caller=caller)
    filled.update({name: value for name, value in arguments.items() if replace or name not in loss})
    if isinstance(loss.get("loss"), Mapping):
        filled["loss"] = arguments_from_data(
            loss["loss"], figures, num_images, max_epochs, method=method, caller=caller, replace=replace
        )
    return filled


def own_arguments_from_data(
    loss: Mapping[str, Any], figures: LabelFigures, numbers: Mapping[str, Any], *, method: str, caller: str
) -> dict[str, Any]:
    """Find the arguments of one loss, without those of the loss that it holds.

    Args:
        loss: Config of the loss.
        figures: Figures of the training set.
        numbers: ``num_images``, ``num_classes``, and ``warmup_epochs`` for a warm-up of half of all epochs:
            numbers, or code that computes them.
        method: As in :func:`arguments_from_data`.
        caller: As in :func:`arguments_from_data`.

    Returns:
        The arguments to set, by name.

    Raises:
        ValueError: As in :func:`arguments_from_data`.
    """
    expected_positives = max(figures.positives_per_image + figures.missing_positives, 0.01)
    available: dict[str, Any] = {
        "num_images": numbers["num_images"],
        "num_classes": numbers["num_classes"],
        "expected_positives": round(expected_positives, 2),
    }
    arguments: dict[str, Any] = {}
    for name in _required_arguments(MODELS.get(loss["type"])):
        if name not in loss and name != "loss":
            if name not in available:
                raise ValueError(
                    f"The 'method' argument of {caller} must be a method that needs no other run first. "
                    f"Got {method!r} instead, whose loss needs {name!r}. Write its config by hand, see "
                    "configs/README.md."
                )
            arguments[name] = available[name]
    if loss["type"] in WARM_UP_OF_HALF:
        arguments["warmup_epochs"] = numbers["warmup_epochs"]
    return arguments


def _required_arguments(cls: type | None) -> list[str]:
    parameters = inspect.signature(cls).parameters if cls is not None else {}
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [
        name
        for name, parameter in parameters.items()
        if parameter.default is inspect.Parameter.empty and name != "self" and parameter.kind in kinds
    ]
