"""Partial Label Masking (PLM) around any loss."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmpretrain.registry import MODELS
from torch import Tensor, nn

from ..functional import (
    DIVERGENCES,
    LossContext,
    partial_label_keep,
    probability_histograms,
    update_ideal_ratio,
)
from ..utils.argument_checks import check_choice, check_integer, check_interval, check_number
from .base.elementwise_loss import Elements
from .base.traits import Traits
from .base.wrapper_loss import WrapperLoss


@MODELS.register_module()
class PartialLabelMaskingLoss(WrapperLoss):
    r"""Masks known labels of over-represented kind at random, so that each class meets its ideal ratio.

    With :math:`r_c` the known positives over known negatives of class c in the training set, and :math:`R_c`
    its ideal ratio, a positive element takes part with probability :math:`\min(R_c / r_c, 1)`, a negative one
    with :math:`\min(r_c / R_c, 1)`, drawn anew in every batch. After each epoch R moves towards classes whose
    positives are fitted worse than their negatives, see
    :func:`~mmpretrain_imbalance.functional.update_ideal_ratio`. Unknown elements are left to the wrapped
    loss. For single-label data the target may be class indices: one-hot labels, one sigmoid a class.

    Source: Duarte, Rawat, Shah, CVPRW 2021 (arXiv 2105.10782). The paper's: masking, ratios, their adaptation
    by the KL divergence of histograms. Ours, where the paper is silent or our trials were clearly better: the
    start at a uniform ratio, the reduction ``kept_per_class``, the number of bins, the size of epsilon, and
    the bounds. The paper-like start is ``initial_ideal_ratio='class'``, which masks nothing in the first
    epoch and with a small rate little afterwards.

    Args:
        loss: The held loss.
        rate: Step size of the ideal ratio.
        num_bins: Bins of the histograms of predicted probabilities.
        divergence: ``'predicted_to_true'`` or ``'true_to_predicted'``, see
            :func:`~mmpretrain_imbalance.functional.histogram_divergence`.
        initial_ideal_ratio: ``'uniform'`` for all positives over all negatives, ``'class'`` for each class's
            own ratio (a class without known labels has none and starts at the uniform one), or a list of
            ratios in the order of the classes.
        max_class_factor: The largest factor the reduction ``'kept_per_class'`` may give a class; by default
            10, or that of the held loss where the reduction is its own.
        epsilon: Smallest share of a bin inside a logarithm.
        limits: Bounds of the ideal ratio.
        seed: Of the draw, which depends on seed, rank and iteration only, so that a resumed run repeats it.
        **kwargs: ``reduction``, for which we recommend ``'kept_per_class'``, ``loss_weight`` and ``validate``
            of :class:`WrapperLoss`.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> loss = PartialLabelMaskingLoss(dict(type='PartialAsymmetricLoss'))
        >>> loss.set_label_counts(torch.tensor([90, 10]), torch.tensor([10, 90]))
        >>> loss.ideal_positive_ratio, loss.positive_ratio
        (tensor([1., 1.]), tensor([9.0000, 0.1111]))
        >>> loss(torch.zeros(4, 2), torch.tensor([[0, 1]] * 4))  # the rare kind is always kept
        tensor(1.3863)
    """

    needs_annotated_labels = (
        "the ratios of Partial Label Masking are those of the annotation, not of labels made up while "
        "training"
    )

    def __init__(
        self,
        loss: dict | nn.Module,
        rate: float = 0.1,
        num_bins: int = 10,
        divergence: str = "predicted_to_true",
        initial_ideal_ratio: str | Sequence[float] = "uniform",
        max_class_factor: float | None = None,
        epsilon: float = 1e-6,
        limits: tuple[float, float] = (1e-6, 1e6),
        seed: int = 0,
        **kwargs,
    ) -> None:
        super().__init__(loss, **kwargs)
        name = type(self).__name__
        check_choice(name, DIVERGENCES, divergence=divergence)
        if isinstance(initial_ideal_ratio, str) and initial_ideal_ratio not in ("uniform", "class"):
            raise ValueError(
                f"The 'initial_ideal_ratio' argument of {name} must be 'uniform', 'class' or a list of "
                f"ratios. Got {initial_ideal_ratio!r} instead."
            )
        check_integer(name, 2, num_bins=num_bins)
        check_integer(name, 0, seed=seed)
        check_number(name, 0, rate=rate)
        check_interval(name, "(0, 1]", epsilon=epsilon)
        if len(limits) != 2 or not 0 < limits[0] <= limits[1]:
            raise ValueError(
                f"The 'limits' argument of {name} must be two positive ratios, the smaller first. Got "
                f"{limits} instead."
            )
        if max_class_factor is not None:
            check_number(name, 1, max_class_factor=max_class_factor)
            self.max_class_factor = max_class_factor
        self.rate = rate
        self.num_bins = num_bins
        self.divergence = divergence
        self.initial_ideal_ratio = initial_ideal_ratio
        self.epsilon = epsilon
        self.limits = tuple(limits)
        self.seed = seed
        self.register_class_buffer("positive_ratio")
        self.register_class_buffer("ideal_positive_ratio")
        self.register_gathered("histograms", torch.zeros(3, 0, num_bins, dtype=torch.int64))

    @property
    def traits(self) -> Traits:
        """Each batch has a draw of its own, by ratios of the training set."""
        return self.loss.traits.also(needs=["label_counts"], stochastic=True, masks_known=True)

    def set_label_counts(
        self, positives: Tensor, negatives: Tensor, class_names: Sequence[str] | None = None
    ) -> None:
        super().set_label_counts(positives, negatives, class_names)
        device = self.positive_ratio.device
        positives, negatives = (
            torch.as_tensor(counts, dtype=torch.float64) for counts in (positives, negatives)
        )
        if not positives.sum() or not negatives.sum():
            kind = "negatives" if positives.sum() else "positives"
            raise ValueError(
                "PartialLabelMaskingLoss balances known positives against known negatives, and the training "
                f"set has no known {kind}. Annotate some, or take unlisted labels for negative with "
                "default_label='negative' in the dataset."
            )
        ratio = positives / negatives
        if isinstance(self.initial_ideal_ratio, str):
            uniform = torch.full_like(ratio, float(positives.sum() / negatives.sum()))
            # A class without any known label, 0 / 0, has no ratio of its own to start at.
            ideal = ratio.where(~ratio.isnan(), uniform) if self.initial_ideal_ratio == "class" else uniform
        else:
            ideal = torch.as_tensor(self.initial_ideal_ratio, dtype=torch.float64)
            if ideal.shape != ratio.shape or not (ideal > 0).all():
                raise ValueError(
                    "The 'initial_ideal_ratio' argument of PartialLabelMaskingLoss must be one positive "
                    f"number for each of the {len(ratio)} classes. Got {self.initial_ideal_ratio} instead."
                )
        self.positive_ratio = ratio.float().to(device)
        self.ideal_positive_ratio = ideal.clamp(*self.limits).float().to(device)
        self.histograms = self.histograms.new_zeros(3, len(ratio), self.num_bins)

    def elementwise_loss(self, logits: Tensor, labels: Tensor, context: LossContext) -> Elements:
        held = self.loss.elements(logits, labels, context)
        if not self.training:
            return held
        random = self.random_table(*logits.shape, self.seed, by_rank=True)
        keep = partial_label_keep(labels, self.positive_ratio, self.ideal_positive_ratio, random)
        return held.where(keep)

    def gather(self, logits: Tensor, labels: Tensor, context: LossContext) -> None:
        self.histograms += probability_histograms(logits, labels, self.num_bins)

    def update_statistics(self) -> None:
        ideal = update_ideal_ratio(
            self.ideal_positive_ratio,
            self.histograms,
            self.rate,
            self.divergence,
            self.limits,
            self.epsilon,
        )
        self.ideal_positive_ratio.copy_(ideal)

    def class_state(self) -> dict[str, Tensor]:
        state = {"positive_ratio": self.positive_ratio, "ideal_positive_ratio": self.ideal_positive_ratio}
        positives, negatives, others = self.histograms.sum(dim=2).double()
        if (images := positives + negatives + others).any():
            state["known_fraction"] = (positives + negatives) / images
        return state
