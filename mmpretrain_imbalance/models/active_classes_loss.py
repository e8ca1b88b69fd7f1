"""Validation of losses that are computed for a subset of the classes."""

from __future__ import annotations

from torch import nn

_REASONS = {
    "label_counts": "keeps values of every class",
    "averaged_predictions": "uses the predictions of the averaged model for all classes",
}


def check_loss_of_active_classes(loss: nn.Module) -> None:
    """Raise if the elements of a loss change when other classes are left out.

    Args:
        loss: A loss.

    Raises:
        ValueError: If the loss depends on all classes; the message gives the reason.
    """
    traits = getattr(loss, "traits", None)
    if traits is None:
        reason = "is not an elementwise loss of mmpretrain_imbalance"
    elif loss.reduction not in ("mean_images", "sum"):
        reason = f"divides by a number that is counted over classes (reduction={loss.reduction!r})"
    elif needs := [need for need in _REASONS if need in traits.needs]:
        reason = _REASONS[needs[0]]
    elif next(loss.parameters(), None) is not None:
        reason = "has parameters of every class"
    elif not traits.elementwise:
        reason = "compares or counts elements of other classes"
    else:
        return
    raise ValueError(
        "The 'loss' argument of ActiveClassesLinearClsHead must be an elementwise loss, in which each "
        "element depends only on its own logit and label, with reduction='mean_images' or 'sum'. Got "
        f"{type(loss).__name__} instead, which {reason}. Use PartialLabelLinearClsHead, with "
        "LabelSpaceReductionLoss around the loss."
    )
