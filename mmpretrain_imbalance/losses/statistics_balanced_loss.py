"""Class weights from the label statistics of the training set."""

from __future__ import annotations

import os
from collections.abc import Sequence

import torch
from mmpretrain.registry import MODELS
from torch import Tensor, nn

from ..functional import SCHEMES, LossContext, balanced_class_weights, values_by_label
from ..utils.argument_checks import check_choice, check_interval, check_number
from .base.elementwise_loss import Elements
from .base.given_class_prior import given_class_prior
from .base.traits import Traits
from .base.wrapper_loss import WrapperLoss


@MODELS.register_module()
class StatisticsBalancedLoss(WrapperLoss):
    r"""Weighs the known positives and negatives of each class by how many the training set has.

    The weights are those of :func:`~mmpretrain_imbalance.functional.balanced_class_weights`. With a
    ``class_prior``, the counts are those that the prior predicts of the class's :math:`k_c` known labels,
    :math:`\hat n^+_c = \hat P_c k_c` and :math:`\hat n^-_c = (1 - \hat P_c) k_c`, for annotations that
    checked positives and negatives unevenly; the mean weight is still that of the known labels. Unknown
    elements are left to the held loss.

    Source: the idea is Zhang et al., 2023 (arXiv 2308.00166), of which only the abstract was at hand; the
    design is this project's.

    Args:
        loss: The held loss.
        scheme: ``'ratio'`` (n-/n+ on positives) or ``'effective_number'`` (both kinds).
        power: Exponent of the ratio.
        beta: Of the effective number.
        max_weight: The largest weight.
        normalize: Whether the mean weight over known elements is 1.
        class_prior: ``None``, a list in the order of the classes, or a ``.json`` / ``.csv`` file matched by
            class name.
        **kwargs: ``reduction``, ``loss_weight`` and ``validate`` of :class:`WrapperLoss`.

    Raises:
        ValueError: If an argument is out of range, or the prior lacks a class.

    Example:
        >>> loss = StatisticsBalancedLoss(dict(type='PartialAsymmetricLoss'), normalize=False)
        >>> loss.set_label_counts(torch.tensor([50, 10]), torch.tensor([50, 90]))
        >>> loss.class_weights()
        (tensor([1., 9.]), tensor([1., 1.]))
    """

    def __init__(
        self,
        loss: dict | nn.Module,
        scheme: str = "ratio",
        power: float = 1.0,
        beta: float = 0.999,
        max_weight: float = 10.0,
        normalize: bool = True,
        class_prior: Sequence[float] | str | os.PathLike | None = None,
        **kwargs,
    ) -> None:
        super().__init__(loss, **kwargs)
        check_choice("StatisticsBalancedLoss", SCHEMES, scheme=scheme)
        check_number("StatisticsBalancedLoss", 0, power=power, max_weight=max_weight)
        check_interval("StatisticsBalancedLoss", "[0, 1)", beta=beta)
        self.scheme = scheme
        self.power = power
        self.beta = beta
        self.max_weight = max_weight
        self.normalize = normalize
        self.given_prior = class_prior
        self.register_class_buffer("positives")
        self.register_class_buffer("negatives")
        self.register_class_buffer("class_prior", persistent=False)

    @property
    def traits(self) -> Traits:
        """The weights compare positives with negatives."""
        return self.loss.traits.also(needs=["label_counts", "known_negatives"])

    def set_label_counts(
        self, positives: Tensor, negatives: Tensor, class_names: Sequence[str] | None = None
    ) -> None:
        super().set_label_counts(positives, negatives, class_names)
        if self.given_prior is not None:
            prior = given_class_prior(self.given_prior, len(positives), class_names, type(self).__name__)
            self.class_prior = prior.to(self.positives)

    def elementwise_loss(self, logits: Tensor, labels: Tensor, context: LossContext) -> Elements:
        held = self.loss.elements(logits, labels, context)
        if not self.training:
            return held
        weights = self.class_weights(logits.dtype)
        return held._replace(loss=held.loss * values_by_label(labels, *weights, 1, logits.dtype))

    def class_weights(self, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
        """Weight of the positives and of the negatives of each class, each of shape (C,)."""
        known = self.positives, self.negatives
        counts = known
        if self.given_prior is not None:
            labels, prior = sum(known).to(dtype), self.class_prior.to(dtype)
            counts = labels * prior, labels * (1 - prior)
        return balanced_class_weights(
            *counts, self.scheme, self.power, self.beta, self.max_weight, self.normalize, dtype, known
        )

    def class_state(self) -> dict[str, Tensor]:
        return dict(zip(("positive_weight", "negative_weight"), self.class_weights()))
