"""Label-space reduction: only active classes take part in the loss of a step."""

from __future__ import annotations

from typing import Any

import torch
from mmpretrain.registry import MODELS
from torch import Tensor, nn

from ..functional import LossContext, active_class_weights
from ..functional.linear_schedule import linear_schedule
from ..utils.argument_checks import check_integer, check_interval, check_number
from .base.elementwise_loss import Elements
from .base.traits import Traits
from .base.wrapper_loss import WrapperLoss


@MODELS.register_module()
class LabelSpaceReductionLoss(WrapperLoss):
    r"""Restricts each step to a set of active classes; the expected loss of every class stays unbiased.

    Active classes are those with a positive in the batch (a label of at least 0.5), the hardest of the other
    classes (largest mean loss in the batch), and randomly chosen classes, which are weighted by the inverse
    of their probability; see :func:`active_class_weights`. The fraction of
    active classes changes linearly over the epochs, from the first to the last value of ``active_fraction``.

    If it is combined with a wrapper that makes pseudo-labels, put it inside that wrapper, so that a class
    with a pseudo-positive is active too.

    Source: this project. The idea of a dynamically reduced label space is from Zhang et al., 2023 (arXiv
    2308.00166); only the abstract of that paper was available.

    Args:
        loss: The wrapped loss.
        active_fraction: Fraction of the classes that take part in the loss: a number, or a pair for the first
            and the last epoch.
        hard_fraction: Fraction of the active classes without a positive that is chosen by hardness; the other
            classes are chosen at random.
        seed: Seed of the random choice, which depends on seed and iteration only and is equal on all ranks.
        **kwargs: ``reduction``, ``loss_weight`` and ``validate`` of :class:`WrapperLoss`.

    Raises:
        ValueError: If a fraction is out of range, or the wrapped loss changes labels.

    Example:
        >>> loss = LabelSpaceReductionLoss(dict(type='PartialAsymmetricLoss'), active_fraction=0.5)
        >>> elements = loss(torch.zeros(1, 4), torch.tensor([[1, 0, 0, 0]]), reduction_override='none')
        >>> int((elements > 0).sum())
        2
    """

    inactive_images: Tensor
    image_count: Tensor

    def __init__(
        self,
        loss: dict[str, Any] | nn.Module,
        active_fraction: float | tuple[float, float] = (1.0, 0.2),
        hard_fraction: float = 0.5,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(loss, **kwargs)
        name = type(self).__name__
        for inner in self.loss.modules():
            if isinstance(inner, WrapperLoss) and inner.changes_labels:
                inner_name = type(inner).__name__
                raise ValueError(
                    f"The 'loss' argument of {name} must not contain a {inner_name}, because a class would "
                    f"not become active by a pseudo-label of {inner_name}. Put {inner_name} around {name} "
                    "instead."
                )
        if not isinstance(active_fraction, (tuple, list)):
            active_fraction = (active_fraction, active_fraction)
        if len(active_fraction) != 2:
            raise ValueError(
                f"The 'active_fraction' argument of {name} must be a number or a pair of numbers. Got "
                f"{active_fraction} instead."
            )
        first, last = active_fraction
        for fraction in (first, last):
            check_interval(name, "(0, 1]", active_fraction=fraction)
        check_number(name, 0, 1, hard_fraction=hard_fraction)
        check_integer(name, 0, seed=seed)
        self.active_fraction = (first, last)
        self.hard_fraction = hard_fraction
        self.seed = seed
        self.register_class_buffer("inactive_images", dtype=torch.int64, gathered=True)
        self.register_gathered("image_count", torch.zeros((), dtype=torch.int64))

    @property
    def traits(self) -> Traits:
        """The active classes depend on the whole batch."""
        first, last = self.active_fraction
        needs = ["progress"] if first != last else []
        return self.loss.traits.also(needs=needs, elementwise=False, stochastic=True)

    def elementwise_loss(self, logits: Tensor, labels: Tensor, context: LossContext) -> Elements:
        wrapped = self.loss.elements(logits, labels, context)
        if not self.training:
            return wrapped
        weights = active_class_weights(
            required=(labels >= 0.5).any(dim=0),
            hardness=wrapped.weighed().detach().mean(dim=0),
            active_fraction=linear_schedule(self.active_fraction, self.epoch, self.max_epochs),
            hard_fraction=self.hard_fraction,
            random=self.random_table(1, logits.shape[1], self.seed)[0],
        )
        if self.is_training_step and len(self.inactive_images) == logits.shape[1]:
            self.inactive_images += len(labels) * (weights == 0)
            self.image_count += len(labels)
        return wrapped._replace(loss=wrapped.loss * weights)

    def class_state(self) -> dict[str, Tensor]:
        return {"inactive_fraction": self.inactive_images / self.image_count} if self.image_count else {}
