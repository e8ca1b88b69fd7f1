"""Log lines about the label counts of the training set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...datasets import LabelCounts
from ...losses import ElementwiseLoss, Traits


def label_count_summary(counts: LabelCounts, class_names: Sequence[str]) -> str:
    """Summarize the label counts of a training set in two or three sentences.

    Args:
        counts: Label counts of each of C classes.
        class_names: Names of the classes.

    Returns:
        The summary.

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
    if num_empty := int((counts.positives == 0).sum()):
        text += f" {num_empty} of {num_classes} classes have no known positives."
    return text


def missing_negatives_warning(counts: LabelCounts, losses: Iterable[ElementwiseLoss]) -> str | None:
    """Warn if a loss learns negatives only from known negatives and the training set has none.

    Args:
        counts: Label counts of the training set.
        losses: All losses of the model, also those inside of wrappers.

    Returns:
        The warning, or ``None``.
    """
    if counts.negatives.any() or not counts.positives.any():
        return None
    losses = list(losses)
    nested = {id(inner) for loss in losses for inner in loss.modules() if inner is not loss}
    names = [_innermost(loss) for loss in losses if id(loss) not in nested and _needs_negatives(loss.traits)]
    if not names:
        return None
    return (
        f"The training set has no known negatives, and {' and '.join(dict.fromkeys(names))} does not use "
        "unknown labels as negatives: the model may learn to predict positive everywhere, or the class "
        "weights may be wrong. Annotate some negatives, set default_label='negative' in the dataset to use "
        "labels that are not listed as negatives, or train with a loss that treats unknown labels as "
        "negatives, such as AssumeNegativeLoss."
    )


def _needs_negatives(traits: Traits) -> bool:
    return traits.unknown == "ignored" or "known_negatives" in traits.needs


def _innermost(loss: ElementwiseLoss) -> str:
    """Return the name of the innermost loss that needs known negatives."""
    inner = getattr(loss, "loss", None)
    while isinstance(inner, ElementwiseLoss) and _needs_negatives(inner.traits):
        loss, inner = inner, getattr(inner, "loss", None)
    return type(loss).__name__
