"""Generalized robust loss (GR) with scheduled constants."""

from __future__ import annotations

from typing import Any

from mmpretrain.registry import MODELS
from torch import Tensor

from ..functional import LossContext
from ..functional.losses.generalized_robust_loss import generalized_robust_loss
from ..utils.argument_checks import check_interval
from .base.elementwise_loss import Elements, ElementwiseLoss
from .base.traits import Traits


@MODELS.register_module()
class GeneralizedRobustLoss(ElementwiseLoss):
    """GR, see :func:`generalized_robust_loss`; every element takes part.

    Four of its constants change linearly over the E epochs e = 0, 1, 2, ..., from the first to the last
    value. As in the authors' code, the fraction of the change is e/E for ``slope`` and ``offset``, and
    (e+1)/E for ``mean`` and ``deviation``. Thus ``slope`` and ``offset`` start at the first value and do not
    reach the last; ``mean`` and ``deviation`` start after the first value and reach the last. Outside of
    training, the last values are used.

    Source: Chen et al., IJCAI 2024 (arXiv 2405.03501), who take the mean over N C: ``reduction='mean'``.

    Args:
        slope: First and last slope of the probability that an unknown label is positive.
        offset: First and last offset of this probability.
        mean: First and last center of the weight of an element.
        deviation: First and last width of this weight.
        positive_exponent: Exponent q2, above 0.
        negative_exponent: Exponent q3, above 0.
        **kwargs: ``reduction``, ``loss_weight`` and ``validate`` of :class:`ElementwiseLoss`.

    Raises:
        ValueError: If the reduction is not one of the allowed values, or an argument is out of range.

    Example:
        >>> import torch
        >>> loss = GeneralizedRobustLoss()
        >>> loss.set_progress(epoch=9, max_epochs=10, iteration=90)
        >>> loss(torch.zeros(1, 3), torch.tensor([[1, 0, -1]]))
        tensor(1.8437)
    """

    def __init__(
        self,
        slope: tuple[float, float] = (0.0, 2.0),
        offset: tuple[float, float] = (-2.0, -2.0),
        mean: tuple[float, float] = (0.5, 0.8),
        deviation: tuple[float, float] = (2.0, 0.5),
        positive_exponent: float = 0.01,
        negative_exponent: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        name = type(self).__name__
        for argument, bounds in dict(slope=slope, offset=offset, mean=mean, deviation=deviation).items():
            if not isinstance(bounds, (tuple, list)) or len(bounds) != 2:
                raise ValueError(
                    f"The '{argument}' argument of {name} must be a pair of the first and the last value. "
                    f"Got {bounds} instead."
                )
        for width in deviation:
            check_interval(name, "(0, inf)", deviation=width)
        exponents = dict(positive_exponent=positive_exponent, negative_exponent=negative_exponent)
        check_interval(name, "(0, inf)", **exponents)
        self.slope = slope[0], slope[1]
        self.offset = offset[0], offset[1]
        self.mean = mean[0], mean[1]
        self.deviation = deviation[0], deviation[1]
        self.positive_exponent = positive_exponent
        self.negative_exponent = negative_exponent

    @property
    def traits(self) -> Traits:
        """The constants depend on the epoch."""
        return Traits(unknown="learned", bounded=False, needs=("progress",))

    def elementwise_loss(self, logits: Tensor, labels: Tensor, context: LossContext) -> Tensor | Elements:
        return generalized_robust_loss.unvalidated(logits, labels, *self.constants())

    def constants(self) -> tuple[Tensor | float, ...]:
        """Return the constants of the function in the current epoch."""
        return (
            self._scheduled(self.slope, self.epoch),
            self._scheduled(self.offset, self.epoch),
            self._scheduled(self.mean, self.epoch + 1),
            self._scheduled(self.deviation, self.epoch + 1),
            self.positive_exponent,
            self.negative_exponent,
        )

    def _scheduled(self, bounds: tuple[float, float], finished: Tensor) -> Tensor | float:
        """Return the value after a number of finished epochs; outside of training, the last value."""
        first, last = bounds
        if not self.training:
            return last
        return first + (last - first) * (finished.double() / self.max_epochs).clamp(max=1)
