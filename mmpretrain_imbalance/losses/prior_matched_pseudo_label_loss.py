"""Pseudo-labels with thresholds that match the fraction of positives of each class to its prior."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import torch
from mmpretrain.registry import MODELS
from torch import Tensor, nn

from ..functional import POSITIVE, UNKNOWN, LossContext
from ..functional.losses.prior_matched_pseudo_label_loss import logit_histograms, matched_thresholds
from ..utils.argument_checks import check_integer, check_interval
from .base.given_class_prior import given_class_prior
from .base.traits import Traits
from .pseudo_label_loss import PseudoLabelLoss


@MODELS.register_module()
class PriorMatchedPseudoLabelLoss(PseudoLabelLoss):
    r"""A :class:`PseudoLabelLoss` with thresholds per class, which are updated after every epoch.

    Rare classes hardly ever exceed a fixed threshold of 0.9, and frequent classes often do. Here, the
    thresholds are chosen such that, in the previous epoch,

    .. math:: \#\{p_{nc} > t^+_c\} = k\, s_c\, u_c, \qquad \#\{p_{nc} < t^-_c\} = k\, (1 - s_c)\, u_c

    among the :math:`u_c` unknown elements of class c, where k is ``coverage`` and :math:`s_c` is the expected
    fraction of positives among these elements. With a ``class_prior`` P and :math:`n^+_c` annotated positives
    in N images,

    .. math:: s_c = (N P_c - n^+_c) / u_c

    clamped to [0, 1], so that annotated positives and pseudo-positives together match the prior. Without a
    prior, :math:`s_c` is the mean of p over the unknown elements. See
    :func:`matched_thresholds`. Pseudo-labels start after one epoch of
    statistics, also with ``warmup_epochs=0``.

    Source: this project, after an idea of Zhang et al., 2023 (arXiv 2308.00166).

    Args:
        loss: The wrapped loss; it should leave out unknown elements or treat them deliberately.
        class_prior: P(positive) of each class: ``None`` to use the estimate of the model, a list in class
            order, or a ``.json`` / ``.csv`` file by class name, such as that of
            tools/estimate_class_prior.py.
        coverage: Fraction of the unknown elements that get a pseudo-label, in (0, 1]. The other elements,
            whose probabilities are between the two thresholds, stay unknown.
        num_bins: Number of bins of the histogram of logits from which the thresholds are computed.
        limit: Largest absolute logit of the histogram; logits beyond it are in the outermost bins.
        **kwargs: ``warmup_epochs``, ``ramp_epochs``, ``weight``, ``hard`` and ``predictions`` of
            :class:`PseudoLabelLoss`; ``reduction``, ``loss_weight`` and ``validate`` of :class:`WrapperLoss`.

    Raises:
        ValueError: If an argument is out of range, or the prior lacks a class.
        FileNotFoundError: If the prior file does not exist.
        TypeError: If a fixed threshold is given.

    Example:
        >>> loss = PriorMatchedPseudoLabelLoss(
        ...     dict(type='PartialAsymmetricLoss'), class_prior=[0.25], warmup_epochs=0)
        >>> loss.set_label_counts(torch.tensor([0]), torch.tensor([0]))
        >>> logits, unknown = torch.tensor([[3.05], [1.0], [-1.0], [-3.0]]), torch.full((4, 1), -1)
        >>> loss(logits.requires_grad_(), unknown)  # gathers the statistics
        tensor(0., grad_fn=...)
        >>> loss.update_statistics()
        >>> (torch.sigmoid(logits) > loss.positive_thresholds).flatten()
        tensor([ True, False, False, False])
    """

    positive_thresholds: Tensor
    negative_thresholds: Tensor
    class_prior: Tensor
    unknown_histogram: Tensor
    unknown_probability: Tensor
    known_positives: Tensor
    image_count: Tensor

    def __init__(
        self,
        loss: dict[str, Any] | nn.Module,
        class_prior: Sequence[float] | str | os.PathLike[str] | None = None,
        coverage: float = 1.0,
        num_bins: int = 240,
        limit: float = 12.0,
        **kwargs: Any,
    ) -> None:
        name = type(self).__name__
        for threshold in ("positive_threshold", "negative_threshold"):
            if threshold in kwargs:
                raise TypeError(
                    f"{name} has no {threshold!r} argument, because it computes the thresholds. Use "
                    "PseudoLabelLoss for fixed thresholds."
                )
        super().__init__(loss, **kwargs)
        check_interval(name, "(0, 1]", coverage=coverage)
        check_integer(name, 2, num_bins=num_bins)
        check_interval(name, "(0, inf)", limit=limit)
        self.given_prior = class_prior
        self.coverage = coverage
        self.num_bins = num_bins
        self.limit = limit
        # 0 means that there is no threshold yet, because every computed upper threshold is above 0.
        self.register_class_buffer("positive_thresholds")
        self.register_class_buffer("negative_thresholds")
        self.register_class_buffer("class_prior")
        self.register_class_buffer("unknown_histogram", num_bins, dtype=torch.int64, gathered=True)
        self.register_class_buffer("unknown_probability", dtype=torch.float64, gathered=True)
        self.register_class_buffer("known_positives", dtype=torch.int64, gathered=True)
        self.register_gathered("image_count", torch.zeros((), dtype=torch.int64))

    @property
    def traits(self) -> Traits:
        """Each class has its own pair of thresholds."""
        return super().traits.also(needs=["label_counts"])

    def set_label_counts(
        self, positives: Tensor, negatives: Tensor, class_names: Sequence[str] | None = None
    ) -> None:
        super().set_label_counts(positives, negatives, class_names)
        if self.given_prior is not None:
            prior = given_class_prior(self.given_prior, len(positives), class_names, type(self).__name__)
            self.class_prior.copy_(prior)

    def thresholds(self) -> tuple[Tensor, Tensor]:
        positive = self.positive_thresholds
        return torch.where(positive > 0, positive, torch.ones_like(positive)), self.negative_thresholds

    def gather(self, logits: Tensor, labels: Tensor, context: LossContext) -> None:
        warm = self.epoch + 1 >= self.warmup_epochs
        unknown, predicted = (labels == UNKNOWN) & warm, self.predicted_logits(logits)
        self.unknown_histogram += logit_histograms(predicted, unknown, self.num_bins, self.limit)
        self.unknown_probability += (torch.sigmoid(predicted) * unknown).sum(dim=0, dtype=torch.float64)
        self.known_positives += ((labels == POSITIVE) & warm).sum(dim=0)
        self.image_count += len(labels) * warm

    def update_statistics(self) -> None:
        if not self.image_count:
            return
        unknown = self.unknown_histogram.sum(dim=1).clamp(min=1)
        expected = self.unknown_probability
        if self.given_prior is not None:
            expected = self.image_count * self.class_prior.double() - self.known_positives
        else:
            self.class_prior.copy_((expected + self.known_positives) / self.image_count)
        fraction = (expected / unknown).clamp(0, 1)
        above, below = matched_thresholds(
            self.unknown_histogram, self.coverage * fraction, self.coverage * (1 - fraction), self.limit
        )
        self.positive_thresholds.copy_(above)
        self.negative_thresholds.copy_(below)

    def class_state(self) -> dict[str, Tensor]:
        return {
            "positive_threshold": self.positive_thresholds,
            "negative_threshold": self.negative_thresholds,
        }
