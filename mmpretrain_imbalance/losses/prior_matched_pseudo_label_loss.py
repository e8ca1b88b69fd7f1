"""Pseudo-labels whose thresholds give each class the share of positives that its prior expects."""

from __future__ import annotations

import os
from collections.abc import Sequence

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
    r"""A :class:`PseudoLabelLoss` with thresholds for each class, found anew after every epoch.

    A fixed threshold of 0.9 is never passed by a rare class and often by a frequent one. Here the thresholds
    are those that would have given, in the epoch before,

    .. math:: \#\{p_{nc} > t^+_c\} = k\, s_c\, u_c, \qquad \#\{p_{nc} < t^-_c\} = k\, (1 - s_c)\, u_c

    among the :math:`u_c` unknown elements of class c, k being ``coverage`` and :math:`s_c` the share of
    positives expected there: with a ``class_prior`` P over N images, of which :math:`n^+_c` are annotated
    positives,

    .. math:: s_c = (N P_c - n^+_c) / u_c

    bounded to [0, 1], so that annotated and pseudo-positives together make the prior; without one, the mean
    of p over the unknown elements. See :func:`~mmpretrain_imbalance.functional.matched_thresholds`.
    The first pseudo-labels appear after one epoch of statistics, also with ``warmup_epochs=0``.

    Source: this project's, after the idea of Zhang et al., 2023 (arXiv 2308.00166).

    Args:
        loss: The held loss; it should leave unknown elements out or treat them on purpose.
        class_prior: P(positive) of each class: ``None`` for the model's own estimate, a list in the order of
            the classes, or a ``.json`` / ``.csv`` file by class name, such as that of
            tools/estimate_class_prior.py.
        coverage: Share of the unknown elements that get a pseudo-label, in (0, 1]; the rest, next to the
            border between the two, stays unknown.
        num_bins: Bins of the histogram of logits that the thresholds are read from.
        limit: Largest logit that it tells apart.
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
        >>> loss(logits.requires_grad_(), unknown)  # gathers
        tensor(0., grad_fn=...)
        >>> loss.update_statistics()
        >>> (torch.sigmoid(logits) > loss.positive_thresholds).flatten()
        tensor([ True, False, False, False])
    """

    def __init__(
        self,
        loss: dict | nn.Module,
        class_prior: Sequence[float] | str | os.PathLike | None = None,
        coverage: float = 1.0,
        num_bins: int = 240,
        limit: float = 12.0,
        **kwargs,
    ) -> None:
        name = type(self).__name__
        for threshold in ("positive_threshold", "negative_threshold"):
            if threshold in kwargs:
                raise TypeError(
                    f"{name} has no {threshold!r} argument: it finds the thresholds itself. Use "
                    "PseudoLabelLoss for fixed ones."
                )
        super().__init__(loss, **kwargs)
        check_interval(name, "(0, 1]", coverage=coverage)
        check_integer(name, 2, num_bins=num_bins)
        check_interval(name, "(0, inf)", limit=limit)
        self.given_prior = class_prior
        self.coverage = coverage
        self.num_bins = num_bins
        self.limit = limit
        # 0 stands for "none yet": no threshold that was found is 0 above.
        self.register_class_buffer("positive_thresholds")
        self.register_class_buffer("negative_thresholds")
        self.register_class_buffer("class_prior")
        self.register_class_buffer("unknown_histogram", num_bins, dtype=torch.int64, gathered=True)
        self.register_class_buffer("unknown_probability", dtype=torch.float64, gathered=True)
        self.register_class_buffer("known_positives", dtype=torch.int64, gathered=True)
        self.register_gathered("image_count", torch.zeros((), dtype=torch.int64))

    @property
    def traits(self) -> Traits:
        """The thresholds are one pair per class."""
        return super().traits.also(needs=["label_counts"])

    def set_label_counts(
        self, positives: Tensor, negatives: Tensor, class_names: Sequence[str] | None = None
    ) -> None:
        super().set_label_counts(positives, negatives, class_names)
        if self.given_prior is not None:
            prior = given_class_prior(self.given_prior, len(positives), class_names, type(self).__name__)
            self.class_prior.copy_(prior)

    def thresholds(self) -> tuple[Tensor, Tensor]:
        found = self.positive_thresholds
        return torch.where(found > 0, found, torch.ones_like(found)), self.negative_thresholds

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
