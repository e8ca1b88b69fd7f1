"""Class weights from the label statistics of the training set."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

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
    r"""Weights known positives and negatives of each class by their numbers in the training set.

    The weights are those of :func:`balanced_class_weights`. With a
    ``class_prior``, the counts are those that the prior predicts for the :math:`k_c` known labels of a class,
    :math:`\hat n^+_c = \hat P_c k_c` and :math:`\hat n^-_c = (1 - \hat P_c) k_c`. Use this if positives were
    annotated more often than negatives, or less often. The weights are still normalized over the known
    labels. The wrapped loss decides how unknown elements are treated; their weight is 1.

    Source: this project, after an idea of Zhang et al., 2023 (arXiv 2308.00166); only the abstract of that
    paper was available.

    Args:
        loss: The wrapped loss.
        scheme: ``'ratio'`` (weight n-/n+ for positives) or ``'effective_number'`` (weights for positives and
            negatives).
        power: Exponent of the ratio.
        beta: Parameter of the effective number.
        max_weight: Largest weight before normalization.
        normalize: Whether the mean weight over known elements is 1.
        class_prior: P(positive) of each class: ``None``, a list in the order of the classes, or a ``.json`` /
            ``.csv`` file matched by class name.
        **kwargs: ``reduction``, ``loss_weight`` and ``validate`` of :class:`WrapperLoss`.

    Raises:
        ValueError: If an argument is out of range, or the prior lacks a class.

    Example:
        >>> loss = StatisticsBalancedLoss(dict(type='PartialAsymmetricLoss'), normalize=False)
        >>> loss.set_label_counts(torch.tensor([50, 10]), torch.tensor([50, 90]))
        >>> loss.class_weights()
        (tensor([1., 9.]), tensor([1., 1.]))
    """

    positives: Tensor
    negatives: Tensor
    class_prior: Tensor

    def __init__(
        self,
        loss: dict[str, Any] | nn.Module,
        scheme: str = "ratio",
        power: float = 1.0,
        beta: float = 0.999,
        max_weight: float = 10.0,
        normalize: bool = True,
        class_prior: Sequence[float] | str | os.PathLike[str] | None = None,
        **kwargs: Any,
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
        wrapped = self.loss.elements(logits, labels, context)
        if not self.training:
            return wrapped
        weights = self.class_weights(logits.dtype)
        return wrapped._replace(loss=wrapped.loss * values_by_label(labels, *weights, 1, logits.dtype))

    def class_weights(self, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
        """Return the weights of the positives and of the negatives of each class, each of shape (C,)."""
        known = self.positives, self.negatives
        counts = known
        if self.given_prior is not None:
            labels, prior = (self.positives + self.negatives).to(dtype), self.class_prior.to(dtype)
            counts = labels * prior, labels * (1 - prior)
        return balanced_class_weights(
            *counts, self.scheme, self.power, self.beta, self.max_weight, self.normalize, dtype, known
        )

    def class_state(self) -> dict[str, Tensor]:
        return dict(zip(("positive_weight", "negative_weight"), self.class_weights()))
