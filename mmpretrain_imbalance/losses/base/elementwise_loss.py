"""The base of every loss: a table of element losses, and one reduction."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from ...functional import REDUCTIONS, LossContext, reduce_elements
from ...utils.argument_checks import check_choice, check_number
from .delayed_validation import DelayedValidation
from .element_counter import ElementCounter
from .loss_checks import (
    VALIDATE,
    broadcast_weight,
    check_given,
    checked_needs,
    in_single_precision,
    valid_labels,
)
from .loss_state import LossState
from .traits import Traits


class Elements(NamedTuple):
    """What a loss gives of a batch.

    Args:
        loss: Loss of each element before its weight, of shape (N, C).
        weight: Which elements take part, bool or in [0, 1], of shape (N, C), without gradient; ``None`` for
            all.
        labels: The labels that the loss learned from where it changes them, of shape (N, C).
    """

    loss: Tensor
    weight: Tensor | None = None
    labels: Tensor | None = None

    def where(self, keep: Tensor) -> Elements:
        """The same, but only the elements where ``keep`` is true take part."""
        return self._replace(weight=keep if self.weight is None else self.weight * keep)

    def weighed(self) -> Tensor:
        """Loss of each element after its weight, of shape (N, C)."""
        return self.loss if self.weight is None else self.loss * self.weight.to(self.loss.dtype)


class ElementwiseLoss(LossState):
    r"""A loss that gives every element of the (N, C) table its own value, and then reduces the table once.

    Subclasses implement :meth:`elementwise_loss`, the formula, and say in ``traits`` what kind of loss it is.
    Calling the module has the signature of MMPretrain's losses, so that it works in its heads unchanged.
    Logits in half precision are computed in float32, outside of autocast.

    Args:
        reduction: How the table becomes one number, see
            :func:`~mmpretrain_imbalance.functional.reduce_elements`; the default is the scale of MMPretrain's
            heads.
        loss_weight: Factor of the loss.
        validate: When wrong labels and logits raise: ``'now'`` in the step itself, which reads flags back
            from the device; ``'later'`` in a later step or before the next checkpoint, without waiting for
            the device; ``'never'``. By default ``'now'`` on a CPU and ``'later'`` elsewhere and in compiled
            code.

    Raises:
        ValueError: If a word is unknown.
    """

    traits = Traits()
    #: The largest factor of a class in the reduction ``'kept_per_class'``.
    max_class_factor = 10.0
    #: Number of images of a loss with a table of images: every sample id is below it.
    sample_id_limit: int | None = None

    def __init__(
        self, reduction: str = "mean_images", loss_weight: float = 1.0, validate: str | None = None
    ) -> None:
        super().__init__()
        name = type(self).__name__
        check_choice(name, REDUCTIONS, reduction=reduction)
        check_choice(name, VALIDATE, validate=validate)
        check_number(name, loss_weight=loss_weight)
        self.reduction = reduction
        self.loss_weight = loss_weight
        self.validate = validate
        self.element_counter = ElementCounter()
        self.delayed_validation = DelayedValidation()

    def elementwise_loss(
        self, logits: Tensor, labels: Tensor, context: LossContext
    ) -> Tensor | tuple[Tensor, Tensor] | Elements:
        """Loss of each element; optionally also its weight, and the labels that it learned from.

        The tables are valid: logits of at least float32; labels in int8, or floating where some may be soft.
        An element of weight 0 is taken off the loss by the base, which also counts it.
        """
        raise NotImplementedError

    def elements(self, logits: Tensor, labels: Tensor, context: LossContext) -> Elements:
        """Loss and weight of each element: what a wrapper asks the held loss for.

        The outermost loss weighs, once: a wrapper may multiply the weight by its own.
        """
        if self.is_training_step:
            with torch.no_grad():
                self.gather(logits.detach(), labels, context)
        returned = self.elementwise_loss(logits, labels, context)
        elements = Elements(*returned) if isinstance(returned, tuple) else Elements(returned)
        if self.loss_weight != 1:
            elements = elements._replace(loss=self.loss_weight * elements.loss)
        return elements

    def forward(
        self,
        pred: Tensor,
        target: Tensor,
        weight: Tensor | None = None,
        avg_factor: float | None = None,
        reduction_override: str | None = None,
        context: LossContext | None = None,
    ) -> Tensor:
        """Compute the reduced loss.

        Args:
            pred: Logits, of shape (N, C).
            target: 1 positive, 0 negative, -1 unknown, of shape (N, C); or class indices of single-label
                data, of shape (N,).
            weight: Weight of each element, of shape (N, C), or of each image, of shape (N,).
            avg_factor: The number of images, for the reductions that divide by it.
            reduction_override: ``'none'`` for the table, ``'sum'`` for its sum, ``'mean'`` for its sum over
                ``avg_factor`` or, where that is not given, over N C, as in MMPretrain.
            context: What the loss needs beside logits and labels.

        Returns:
            The loss, a scalar or of shape (N, C).

        Raises:
            ValueError: If an argument is malformed, or something in the context is missing.
        """
        name = type(self).__name__
        check_choice(name, (None, "none", "sum", "mean"), reduction_override=reduction_override)
        if context is None:
            context = LossContext()
        with torch.autocast(device_type=pred.device.type, enabled=False):
            logits = in_single_precision(pred)
            labels = valid_labels(self, logits, target, context)
            needs, masks_known = self._checked_traits()
            check_given(self, needs, logits, context)
            elements = self.elements(logits, labels, context)
            loss, kept = elements.weighed(), elements.weight
            if self.is_training_step:
                self.element_counter.add(labels, kept, elements.labels, masks_known)
            if weight is not None:
                loss = loss * broadcast_weight(weight, loss, name)
            if not torch.compiler.is_compiling():
                self.delayed_validation.raise_earlier(name)
            if reduction_override == "none":
                return loss
            if reduction_override == "mean" and avg_factor is not None:
                return loss.sum() / avg_factor
            return reduce_elements(
                loss,
                reduction_override or self.reduction,
                labels,
                kept,
                avg_factor,
                self.max_class_factor,
            )

    def set_label_counts(self, positives, negatives, class_names=None) -> None:
        super().set_label_counts(positives, negatives, class_names)
        self.element_counter.allocate(len(positives))

    def gathered(self) -> list[Tensor]:
        return [*super().gathered(), *self.element_counter.buffers()]

    # A compiler takes for granted what the hook has told before the first step.
    @torch.compiler.assume_constant_result
    def _checked_traits(self) -> tuple[tuple[str, ...], bool]:
        return checked_needs(self), self.traits.masks_known
