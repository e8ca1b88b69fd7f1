"""Generalized robust loss (GR) of unknown labels, on a schedule."""

from __future__ import annotations

from mmpretrain.registry import MODELS
from torch import Tensor

from ..functional import LossContext
from ..functional.losses.generalized_robust_loss import generalized_robust_loss
from ..utils.argument_checks import check_interval
from .base.elementwise_loss import ElementwiseLoss
from .base.traits import Traits


@MODELS.register_module()
class GeneralizedRobustLoss(ElementwiseLoss):
    """GR, see :func:`~mmpretrain_imbalance.functional.generalized_robust_loss`; every element takes part.

    Four of its constants move linearly over the E epochs, counted by e from 0. As in the authors' code, slope
    and offset have made the share e / E of their way, mean and deviation (e + 1) / E: the former start at
    their first value and never reach the last, the latter the other way round. Outside of training, the last
    values hold.

    Source: Chen et al., IJCAI 2024 (arXiv 2405.03501), who take the mean over N C: ``reduction='mean'``.

    Args:
        slope: Of the chance that an unknown label is positive, from and to.
        offset: Of that chance, from and to.
        mean: Center of the trust in an element, from and to.
        deviation: Width of that trust, from and to.
        positive_exponent: q2, above 0.
        negative_exponent: q3, above 0.
        **kwargs: ``reduction``, ``loss_weight`` and ``validate`` of :class:`ElementwiseLoss`.

    Raises:
        ValueError: If the reduction is no known name, or a width or an exponent is not positive.

    Example:
        >>> import torch
        >>> loss = GeneralizedRobustLoss()
        >>> loss.set_progress(epoch=9, max_epochs=10, iteration=90)
        >>> loss(torch.zeros(1, 3), torch.tensor([[1, 0, -1]]))
        tensor(1.8437)
    """

    traits = Traits(unknown="learned", bounded=False, needs=("progress",))

    def __init__(
        self,
        slope: tuple[float, float] = (0.0, 2.0),
        offset: tuple[float, float] = (-2.0, -2.0),
        mean: tuple[float, float] = (0.5, 0.8),
        deviation: tuple[float, float] = (2.0, 0.5),
        positive_exponent: float = 0.01,
        negative_exponent: float = 1.0,
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        name = type(self).__name__
        for argument, bounds in dict(slope=slope, offset=offset, mean=mean, deviation=deviation).items():
            if not isinstance(bounds, (tuple, list)) or len(bounds) != 2:
                raise ValueError(
                    f"The '{argument}' argument of {name} must be the first and the last value. Got {bounds} "
                    "instead."
                )
        for width in deviation:
            check_interval(name, "(0, inf)", deviation=width)
        exponents = dict(positive_exponent=positive_exponent, negative_exponent=negative_exponent)
        check_interval(name, "(0, inf)", **exponents)
        self.slope = tuple(slope)
        self.offset = tuple(offset)
        self.mean = tuple(mean)
        self.deviation = tuple(deviation)
        self.positive_exponent = positive_exponent
        self.negative_exponent = negative_exponent

    def elementwise_loss(self, logits: Tensor, labels: Tensor, context: LossContext) -> Tensor:
        return generalized_robust_loss.unvalidated(logits, labels, *self.constants())

    def constants(self) -> tuple[Tensor | float, ...]:
        """The constants of the function at the place in the run."""
        return (
            self._scheduled(self.slope, self.epoch),
            self._scheduled(self.offset, self.epoch),
            self._scheduled(self.mean, self.epoch + 1),
            self._scheduled(self.deviation, self.epoch + 1),
            self.positive_exponent,
            self.negative_exponent,
        )

    def _scheduled(self, bounds: tuple[float, float], finished: Tensor) -> Tensor | float:
        """The value after a number of finished epochs; outside of training, the last one."""
        first, last = bounds
        if not self.training:
            return last
        return first + (last - first) * (finished.double() / self.max_epochs).clamp(max=1)
