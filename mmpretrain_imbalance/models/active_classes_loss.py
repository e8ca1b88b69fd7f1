"""Whether a loss may be computed for some classes without the others."""

from __future__ import annotations

from torch import nn

_REASONS = {
    "label_counts": "keeps values of every class",
    "averaged_predictions": "is given the predictions of all classes by the averaged model",
}


def check_loss_of_active_classes(loss: nn.Module) -> None:
    """Refuse a loss whose elements would change if other classes were left out.

    Args:
        loss: A loss of this package.

    Raises:
        ValueError: With the reason.
    """
    traits = getattr(loss, "traits", None)
    if traits is None:
        reason = "is no elementwise loss of mmpretrain_imbalance"
    elif loss.reduction not in ("mean_images", "sum"):
        reason = f"divides by what is counted over classes (reduction={loss.reduction!r})"
    elif needs := [need for need in _REASONS if need in traits.needs]:
        reason = _REASONS[needs[0]]
    elif next(loss.parameters(), None) is not None:
        reason = "has parameters of every class"
    elif not traits.elementwise:
        reason = "compares or counts elements of other classes"
    else:
        return
    raise ValueError(
        "The 'loss' argument of ActiveClassesLinearClsHead must be a loss in which every element is by "
        f"itself, with reduction='mean_images' or 'sum'. Got {type(loss).__name__} instead, which {reason}. "
        "Use PartialLabelLinearClsHead, with LabelSpaceReductionLoss around the loss."
    )
