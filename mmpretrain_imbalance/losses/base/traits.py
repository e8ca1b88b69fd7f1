"""Properties that a loss declares to wrappers, heads, hooks and ``check_loss``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from ...utils.argument_checks import check_choice

UNKNOWN_USES = ("ignored", "negative", "learned")
NEEDS = (
    "label_counts",
    "known_negatives",
    "progress",
    "whole_epochs",
    "sample_ids",
    "activation_maps",
    "averaged_predictions",
)


@dataclass(frozen=True)
class Traits:
    """Properties of a loss. Wrappers, heads, hooks and the laws of ``check_loss`` depend on them.

    Args:
        unknown: Use of unknown labels: ``'ignored'``, ``'negative'``, or ``'learned'`` if the loss uses them
            in a method-specific way, such as with pseudo-labels.
        elementwise: Whether each element of the loss depends only on its own logit and label, so that a head
            may compute a subset of the classes.
        bounded: Whether the loss is finite at an infinite logit.
        stochastic: Whether the loss uses random numbers in training.
        masks_known: Whether the loss may leave out known elements.
        non_negative: Whether every element of the loss is at least 0.
        soft_labels_mix: Whether the loss of a label y between 0 and 1 is y times the loss of a positive plus
            1 - y times the loss of a negative.
        needs: Inputs that the loss needs beside logits and labels. From ``LabelStatisticsHook``:
            ``'label_counts'`` of the training set; ``'known_negatives'``, a count of negatives above 0;
            ``'progress'``, the current epoch and iteration; ``'whole_epochs'``, an update of the statistics
            exactly once per epoch. From ``AveragedPredictionsHook``: ``'averaged_predictions'``. From the
            head: ``'sample_ids'``, ``'activation_maps'``.

    Raises:
        ValueError: If ``unknown`` or a need is not one of the allowed values.

    Example:
        >>> Traits(unknown='negative').also(stochastic=True, needs=['progress'])
        Traits(unknown='negative', elementwise=True, bounded=True, stochastic=True, ..., needs=('progress',))
    """

    unknown: str = "ignored"
    elementwise: bool = True
    bounded: bool = True
    stochastic: bool = False
    masks_known: bool = False
    non_negative: bool = True
    soft_labels_mix: bool = True
    needs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_choice("Traits", UNKNOWN_USES, unknown=self.unknown)
        for need in self.needs:
            check_choice("Traits", NEEDS, needs=need)

    def also(self, needs: Iterable[str] = (), **changes: Any) -> Traits:
        """Return the traits of a loss around this one: with changed values and additional needs."""
        return replace(self, needs=tuple(dict.fromkeys([*self.needs, *needs])), **changes)
