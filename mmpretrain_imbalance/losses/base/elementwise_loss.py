"""Base class of all losses: a matrix of element losses, and one reduction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor

from ...functional import REDUCTIONS, LossContext, reduce_elements
from ...utils.argument_checks import check_choice, check_number
from .delayed_validation import DelayedValidation
from .element_counter import ElementCounter
from .loss_checks import (
    VALIDATE,
    broadcast_weight,
    check_context,
    checked_needs,
    in_single_precision,
    valid_labels,
)
from .loss_state import LossState
from .traits import Traits


class Elements(NamedTuple):
    """Losses, weights and labels of the elements of a batch.

    Args:
        loss: Loss of each element before weighting, of shape (N, C).
        weight: Degree to which each element takes part, bool or in [0, 1], of shape (N, C), without gradient;
            ``None`` if all elements take part.
        labels: Labels that the loss learned from, of shape (N, C); ``None`` if the loss does not change them.
    """

    loss: Tensor
    weight: Tensor | None = None
    labels: Tensor | None = None

    def where(self, keep: Tensor) -> Elements:
        """Return the elements with their weights times ``keep``, which is bool or in [0, 1]."""
        return self._replace(weight=keep if self.weight is None else self.weight * keep)

    def weighed(self) -> Tensor:
        """Return the loss of each element times its weight, of shape (N, C)."""
        return self.loss if self.weight is None else self.loss * self.weight.to(self.loss.dtype)


class ElementwiseLoss(LossState):
    r"""Loss that computes one value per element of the (N, C) matrix, and then reduces the matrix once.

    Subclasses implement the formula in :meth:`ElementwiseLoss.elementwise_loss` and declare their properties
    in ``traits``. The module is called with the signature of MMPretrain's losses, so that MMPretrain's heads
    can use it. Logits in half precision are converted to float32, and autocast is disabled.

    Args:
        reduction: Reduction of the matrix to a scalar, see
            :func:`reduce_elements`; the default is the scale of MMPretrain's
            heads.
        loss_weight: Factor of the loss.
        validate: When to raise for wrong labels and logits: ``'now'`` in the same step, which reads flags
            from the device; ``'later'`` in a later step or before the next checkpoint, without waiting for
            the device; or ``'never'``. By default ``'now'`` on a CPU, and ``'later'`` on other devices and in
            compiled code.
        **unexpected: Must be empty.

    Raises:
        TypeError: If there is an unexpected argument.
        ValueError: If ``reduction`` or ``validate`` is not one of the allowed values.
    """

    if TYPE_CHECKING:
        # Declared as a property, so that a subclass may define it as an attribute or as a property.
        @property
        def traits(self) -> Traits:
            """Properties of the loss."""
    else:
        traits = Traits()
    #: Largest factor of a class in the reduction ``'kept_per_class'``.
    max_class_factor = 10.0
    #: Upper bound of the sample ids, exclusive, of a loss that stores values per image.
    sample_id_limit: int | None = None

    def __init__(
        self,
        reduction: str = "mean_images",
        loss_weight: float = 1.0,
        validate: str | None = None,
        **unexpected: Any,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        if unexpected:
            raise TypeError(
                f"{name} got an unexpected keyword argument {next(iter(unexpected))!r}. If the config "
                "inherits it from the loss of a base config, add _delete_=True, which removes all inherited "
                f"settings: dict(_delete_=True, type={name!r}, ...)."
            )
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
        """Return the loss of each element; optionally also its weight, and the labels learned from.

        The arguments are valid: logits of at least float32, labels in int8, or floating-point labels if some
        may be soft. The base class multiplies the losses by the weights and counts the elements of weight 0.
        """
        raise NotImplementedError

    def elements(self, logits: Tensor, labels: Tensor, context: LossContext) -> Elements:
        """Return loss and weight of each element; wrappers call this method of the wrapped loss.

        The losses are not multiplied by the weights yet: the outermost loss does so, once. A wrapper may
        multiply the weights by its own.
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
            avg_factor: Number of images, for the reductions that divide by it.
            reduction_override: ``'none'`` returns the matrix, ``'sum'`` its sum, ``'mean'`` its sum divided
                by ``avg_factor`` or, if that is not given, by N C, as in MMPretrain.
            context: Inputs beside logits and labels.

        Returns:
            The loss, a scalar or of shape (N, C).

        Raises:
            ValueError: If an argument is invalid, or an input is missing in the context.
        """
        name = type(self).__name__
        check_choice(name, (None, "none", "sum", "mean"), reduction_override=reduction_override)
        if context is None:
            context = LossContext()
        with torch.autocast(device_type=pred.device.type, enabled=False):
            logits = in_single_precision(pred)
            labels = valid_labels(self, logits, target, context)
            needs, masks_known = self._checked_traits()
            check_context(self, needs, logits, context)
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

    def set_label_counts(
        self, positives: Tensor, negatives: Tensor, class_names: Sequence[str] | None = None
    ) -> None:
        super().set_label_counts(positives, negatives, class_names)
        self.element_counter.allocate(len(positives))

    def gathered(self) -> list[Tensor]:
        return [*super().gathered(), *self.element_counter.buffers()]

    # The hook sets counts and progress before the first step, so the compiler may treat the result as
    # constant. torch.compiler.assume_constant_result has no annotations.
    @torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
    def _checked_traits(self) -> tuple[tuple[str, ...], bool]:
        return checked_needs(self), self.traits.masks_known
