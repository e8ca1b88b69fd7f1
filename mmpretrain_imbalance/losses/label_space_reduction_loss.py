"""Label-space reduction: only some classes enter the loss of a step."""

from __future__ import annotations

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
    r"""Restricts each step to an active set of classes, without biasing the expected loss of any class.

    Active are the classes with a positive (a label of at least 0.5) in the batch, the hardest others (largest
    mean loss in the batch), and random ones, which are weighted by the inverse of their chance, see
    :func:`~mmpretrain_imbalance.functional.active_class_weights`. The active share moves linearly from the
    first to the last value of ``active_fraction`` over the epochs.

    Source: the idea of a dynamically reduced label space is Zhang et al., 2023 (arXiv 2308.00166), of which
    only the abstract was at hand; the design is this project's.

    It goes inside a wrapper that makes pseudo-labels, so that a class with a pseudo-positive is active too.

    Args:
        loss: The held loss.
        active_fraction: Share of the classes that enter the loss: a number, or a pair for the first and the
            last epoch.
        hard_fraction: Share of the free places that goes to the hardest classes; the rest is random.
        seed: Of the draw, which depends on seed and iteration only and is the same on all ranks.
        **kwargs: ``reduction``, ``loss_weight`` and ``validate`` of :class:`WrapperLoss`.

    Raises:
        ValueError: If a share is out of range, or the held loss makes labels.

    Example:
        >>> loss = LabelSpaceReductionLoss(dict(type='PartialAsymmetricLoss'), active_fraction=0.5)
        >>> table = loss(torch.zeros(1, 4), torch.tensor([[1, 0, 0, 0]]), reduction_override='none')
        >>> int((table > 0).sum())
        2
    """

    def __init__(
        self,
        loss: dict | nn.Module,
        active_fraction: float | tuple[float, float] = (1.0, 0.2),
        hard_fraction: float = 0.5,
        seed: int = 0,
        **kwargs,
    ) -> None:
        super().__init__(loss, **kwargs)
        name = type(self).__name__
        for inner in self.loss.modules():
            if isinstance(inner, WrapperLoss) and inner.changes_labels:
                inner_name = type(inner).__name__
                raise ValueError(
                    f"The 'loss' argument of {name} must not hold a {inner_name}: a class with a label that "
                    f"it makes would not be seen to be active. Put {inner_name} around {name} instead."
                )
        fractions = (
            tuple(active_fraction) if isinstance(active_fraction, (tuple, list)) else (active_fraction,) * 2
        )
        if len(fractions) != 2:
            raise ValueError(
                f"The 'active_fraction' argument of {name} must be a number or a pair of them. Got "
                f"{active_fraction} instead."
            )
        for fraction in fractions:
            check_interval(name, "(0, 1]", active_fraction=fraction)
        check_number(name, 0, 1, hard_fraction=hard_fraction)
        check_integer(name, 0, seed=seed)
        self.active_fraction = fractions
        self.hard_fraction = hard_fraction
        self.seed = seed
        self.register_class_buffer("inactive_images", dtype=torch.int64, gathered=True)
        self.register_gathered("image_count", torch.zeros((), dtype=torch.int64))

    @property
    def traits(self) -> Traits:
        """Which classes are active depends on the whole batch."""
        first, last = self.active_fraction
        needs = ["progress"] if first != last else []
        return self.loss.traits.also(needs=needs, elementwise=False, stochastic=True)

    def elementwise_loss(self, logits: Tensor, labels: Tensor, context: LossContext) -> Elements:
        held = self.loss.elements(logits, labels, context)
        if not self.training:
            return held
        weights = active_class_weights(
            required=(labels >= 0.5).any(dim=0),
            hardness=held.weighed().detach().mean(dim=0),
            active_fraction=linear_schedule(self.active_fraction, self.epoch, self.max_epochs),
            hard_fraction=self.hard_fraction,
            random=self.random_table(1, logits.shape[1], self.seed)[0],
        )
        if self.is_training_step and len(self.inactive_images) == logits.shape[1]:
            self.inactive_images += len(labels) * (weights == 0)
            self.image_count += len(labels)
        return held._replace(loss=held.loss * weights)

    def class_state(self) -> dict[str, Tensor]:
        return {"inactive_fraction": self.inactive_images / self.image_count} if self.image_count else {}
