"""What the training log says about the label counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...datasets import LabelCounts
from ...losses import ElementwiseLoss, Traits


def label_count_summary(counts: LabelCounts, class_names: Sequence[str]) -> str:
    """Sum up the labels of a training set in two sentences.

    Args:
        counts: Positives, negatives and unknown labels of each of C classes.
        class_names: Names of the classes.

    Returns:
        The sentences.

    Example:
        >>> import numpy as np
        >>> counts = LabelCounts(np.array([3, 1]), np.array([1, 0]), np.array([0, 3]))
        >>> print(label_count_summary(counts, ["cat", "dog"]))
        Training labels: 4 images, 2 classes; 4 known positives, 1 known negatives, 3 unknown (37.5%). ...
    """
    totals = [int(values.sum()) for values in (counts.positives, counts.negatives, counts.unknown)]
    num_classes = len(counts.positives)
    text = (
        f"Training labels: {sum(totals) // max(num_classes, 1)} images, {num_classes} classes; {totals[0]} "
        f"known positives, {totals[1]} known negatives, {totals[2]} unknown "
        f"({100 * totals[2] / max(sum(totals), 1):.1f}%)."
    )
    if not num_classes:
        return text
    rarest = int(counts.positives.argmin())
    text += f" Rarest class: {class_names[rarest]!r} with {counts.positives[rarest]} known positives."
    if none := int((counts.positives == 0).sum()):
        text += f" {none} of {num_classes} classes have none."
    return text


def missing_negatives_warning(counts: LabelCounts, losses: Iterable[ElementwiseLoss]) -> str | None:
    """Say what is wrong with losses that learn negatives from known ones alone, where there are none.

    Args:
        counts: Label counts of the training set.
        losses: All losses of the model, also those inside of others.

    Returns:
        The warning; ``None`` where there is nothing to warn of.
    """
    if counts.negatives.any() or not counts.positives.any():
        return None
    losses = list(losses)
    held = {id(inner) for loss in losses for inner in loss.modules() if inner is not loss}
    hopeless = [_innermost(loss) for loss in losses if id(loss) not in held and _needs_negatives(loss.traits)]
    if not hopeless:
        return None
    return (
        f"The training set has no known negatives, and {' and '.join(dict.fromkeys(hopeless))} takes no "
        "unknown label for one: the model can then only learn to say yes to every class, or weights are "
        "those of a set without negatives. Annotate some, take unlisted labels for negative with "
        "default_label='negative' in the dataset, or train with a loss that treats unknown labels as negatives, "
        "such as AssumeNegativeLoss."
    )


def _needs_negatives(traits: Traits) -> bool:
    return traits.unknown == "ignored" or "known_negatives" in traits.needs


def _innermost(loss: ElementwiseLoss) -> str:
    """Name of the innermost loss that needs negatives."""
    while isinstance(held := getattr(loss, "loss", None), ElementwiseLoss) and _needs_negatives(held.traits):
        loss = held
    return type(loss).__name__
