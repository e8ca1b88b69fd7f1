"""Partial Label Masking (PLM), a wrapper for any loss."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from mmpretrain.registry import MODELS
from torch import Tensor, nn

from ..functional import (
    DIVERGENCES,
    LossContext,
    partial_label_keep,
    partial_label_keep_weights,
    probability_histograms,
    update_ideal_ratio,
)
from ..utils.argument_checks import check_choice, check_integer, check_interval, check_number
from .base.elementwise_loss import Elements
from .base.traits import Traits
from .base.wrapper_loss import WrapperLoss


@MODELS.register_module()
class PartialLabelMaskingLoss(WrapperLoss):
    r"""Masks positives or negatives of each class at random, so that their ratio is the ideal ratio.

    Let :math:`r_c` be the ratio of known positives to known negatives of class c in the training set, and
    :math:`R_c` its ideal ratio. In each batch, a positive takes part with probability
    :math:`\min(R_c / r_c, 1)`, and a negative with probability :math:`\min(r_c / R_c, 1)`. After each epoch,
    R increases for classes whose positives are fitted worse than their negatives; see
    :func:`update_ideal_ratio`. The wrapped loss decides how unknown elements
    are treated. For single-label data, the target may be class indices; they are converted to one-hot labels,
    with one sigmoid per class.

    With ``stochastic=False``, each element is weighted by its probability instead, see
    :func:`partial_label_keep_weights`: the gradient is the mean over the masks, without their variance.

    Source: Duarte, Rawat, Shah, CVPRW 2021 (arXiv 2105.10782). The paper defines the masking, the ratios, and
    their update by the KL divergence of histograms. This implementation adds what the paper does not specify
    or what was clearly better in our experiments: the uniform initial ratio, the reduction
    ``kept_per_class``, ``stochastic=False``, the number of bins, epsilon, and the bounds.
    ``initial_ideal_ratio='class'`` is closest to the paper; it masks nothing in the first epoch, and little
    afterwards if the rate is small.

    Args:
        loss: The wrapped loss.
        rate: Step size of the update of the ideal ratio.
        num_bins: Number of bins of the histograms of predicted probabilities.
        divergence: ``'predicted_to_true'`` or ``'true_to_predicted'``, see
            :func:`histogram_divergence`.
        initial_ideal_ratio: ``'uniform'`` starts at the ratio of all positives to all negatives; ``'class'``
            starts at the ratio of the class, or at the uniform ratio if the class has no known labels; a list
            gives one ratio per class, in class order.
        max_class_factor: Largest factor of a class in the reduction ``'kept_per_class'``. The default is 10,
            or that of the wrapped loss if its reduction is used.
        epsilon: Smallest value of a histogram bin inside a logarithm.
        limits: Bounds of the ideal ratio.
        stochastic: Whether masks are drawn, as in the paper; if not, the elements have weights.
        seed: Seed of the masks, which depend on seed, rank and iteration only, so that a resumed run
            reproduces them.
        **kwargs: ``reduction``, where ``'kept_per_class'`` is recommended, ``loss_weight`` and ``validate``
            of :class:`WrapperLoss`.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> loss = PartialLabelMaskingLoss(dict(type='PartialAsymmetricLoss'))
        >>> loss.set_label_counts(torch.tensor([90, 10]), torch.tensor([10, 90]))
        >>> loss.ideal_positive_ratio, loss.positive_ratio
        (tensor([1., 1.]), tensor([9.0000, 0.1111]))
        >>> loss(torch.zeros(4, 2), torch.tensor([[0, 1]] * 4))  # the rarer label of a class is always kept
        tensor(1.3863)
    """

    needs_annotated_labels = (
        "the ratios of Partial Label Masking are computed from the annotation, and not from pseudo-labels"
    )
    positive_ratio: Tensor
    ideal_positive_ratio: Tensor
    histograms: Tensor

    def __init__(
        self,
        loss: dict[str, Any] | nn.Module,
        rate: float = 0.1,
        num_bins: int = 10,
        divergence: str = "predicted_to_true",
        initial_ideal_ratio: str | Sequence[float] = "uniform",
        max_class_factor: float | None = None,
        epsilon: float = 1e-6,
        limits: tuple[float, float] = (1e-6, 1e6),
        stochastic: bool = True,
        seed: int = 0,
        **kwargs: Any,
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
                f"The 'limits' argument of {name} must be two positive ratios in increasing order. Got "
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
        self.limits = limits[0], limits[1]
        self.stochastic = stochastic
        self.seed = seed
        self.register_class_buffer("positive_ratio")
        self.register_class_buffer("ideal_positive_ratio")
        self.register_gathered("histograms", torch.zeros(3, 0, num_bins, dtype=torch.int64))

    @property
    def traits(self) -> Traits:
        """Masks depend on the label counts, and are random; a weight instead of a mask is never 0."""
        traits = self.loss.traits.also(needs=["label_counts"])
        return traits.also(stochastic=True, masks_known=True) if self.stochastic else traits

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
                "PartialLabelMaskingLoss needs known positives and known negatives, but the training set has "
                f"no known {kind}. Annotate some, or set default_label='negative' in the dataset to treat "
                "labels that the annotation does not list as negative."
            )
        ratio = positives / negatives
        if isinstance(self.initial_ideal_ratio, str):
            uniform = torch.full_like(ratio, float(positives.sum() / negatives.sum()))
            # A class without known labels has the ratio 0 / 0, and starts at the uniform ratio.
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
        wrapped = self.loss.elements(logits, labels, context)
        if not self.training:
            return wrapped
        ratios = self.positive_ratio, self.ideal_positive_ratio
        if not self.stochastic:
            return wrapped.where(partial_label_keep_weights(labels, *ratios))
        num_images, num_classes = logits.shape
        random = self.random_table(num_images, num_classes, self.seed, by_rank=True)
        return wrapped.where(partial_label_keep(labels, *ratios, random))

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
