"""What a loss says of itself, for everybody who must know without trying it out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

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
    """The properties of a loss that wrappers, heads, hooks and the laws of ``check_loss`` go by.

    Args:
        unknown: What the loss makes of an unknown label: ``'ignored'``, ``'negative'``, or ``'learned'``
            where it makes a use of its own of it, such as a pseudo-label.
        elementwise: Whether an element depends on its own logit and label only, and may be computed without
            the others.
        bounded: Whether the loss is finite at an infinite logit.
        stochastic: Whether it draws at random while training.
        masks_known: Whether known elements may be left out.
        non_negative: Whether no element is below 0.
        soft_labels_mix: Whether a label y between 0 and 1 costs y times a positive and 1 - y times a
            negative.
        needs: What it must be given. By ``LabelStatisticsHook``: ``'label_counts'`` of the training set,
            of which ``'known_negatives'`` must not be 0, ``'progress'`` in the run, updates after
            ``'whole_epochs'``; by ``AveragedPredictionsHook``: ``'averaged_predictions'``; by the head:
            ``'sample_ids'``, ``'activation_maps'``.

    Raises:
        ValueError: If a word is unknown.

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

    def also(self, needs: Iterable[str] = (), **changes) -> Traits:
        """The traits of a loss around this one: other values, and more needs."""
        return replace(self, needs=tuple(dict.fromkeys([*self.needs, *needs])), **changes)
