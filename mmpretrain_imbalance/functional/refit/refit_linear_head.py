"""Refit of the linear head of a trained network from the features of its training images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .blend_heads import blend_heads
from .calibrate_head import calibrate_head
from .category_wise_refit import category_wise_refit
from .choose_head import Candidate, HeadChoice, choose_head
from .class_mean_head import class_mean_head
from .class_moments import class_moments
from .label_batches import (
    Batches,
    Gather,
    ReduceSum,
    UnknownAsNegativeBatches,
    known_counts,
    one_process_gather,
    one_process_sum,
)
from .linear_head import LinearHead

#: Ridge of the blend that is taken where validation cannot choose.
UNCHOSEN_RIDGE = 3.0
TRAINED = "trained"


@dataclass(frozen=True)
class RefitResult:
    """The head after :func:`refit_linear_head`, and how it was chosen.

    Attributes:
        head: The chosen head, calibrated; the trained head itself if that was chosen.
        chosen: Name of the chosen head, for instance ``"blend, ridge 3"``.
        reason: Why it was chosen, in one sentence.
        candidates: Validation of each head, the trained one first.
        kept_classes: Indices of the classes without a known positive, whose trained row stays.
    """

    head: LinearHead
    chosen: str
    reason: str
    candidates: list[Candidate]
    kept_classes: list[int]

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the head, for JSON."""
        return dict(
            chosen=self.chosen,
            reason=self.reason,
            candidates=[candidate.to_dict() for candidate in self.candidates],
            kept_classes=self.kept_classes,
        )


def refit_linear_head(
    trained: LinearHead,
    train: Batches,
    val: Batches | None,
    *,
    unknown_as_negative: bool,
    ridges: Sequence[float] = (1.0, 3.0, 10.0),
    class_mean_ridges: Sequence[float] = (3.0, 10.0),
    strengths: Sequence[float] = (0.1, 1.0),
    reduce_sum: ReduceSum = one_process_sum,
    gather: Gather = one_process_gather,
) -> RefitResult:
    """Compute linear heads in several ways, and return the one that is best on validation.

    The candidates are the trained head; heads from class means (:func:`class_mean_head`); their blends with
    the trained head (:func:`blend_heads`); and logistic regressions near the trained head
    (:func:`category_wise_refit`). :func:`choose_head` chooses by known validation labels, and
    :func:`calibrate_head` calibrates the chosen head on known training labels, unless it is the trained one.

    Where validation has at most one known positive per class on average, or there is no validation set, the
    choice would be chance. The blend with ridge 3 is then taken without a choice.

    Each quantity is a sum over images, so that all ranks get the same head, and no rank holds the features of
    all images. The training images are read some tens of times, mostly for the logistic regressions.

    Args:
        trained: The trained head, of any dtype. Its device is that of the computation, in float64.
        train: Training images of this rank, which can be iterated several times: features of shape (n, D),
            and labels of shape (n, C), which are 1 positive, 0 negative or -1 unknown.
        val: Validation images of this rank, or None.
        unknown_as_negative: Whether unknown labels count as negative, for a training set without annotated
            negatives. Class means do not depend on it.
        ridges: Ridges of the blends.
        class_mean_ridges: Ridges of the heads from class means alone.
        strengths: Strengths of the logistic regressions.
        reduce_sum: Sum of a tensor over all ranks.
        gather: Collects a tensor of each rank in a list; the first dimensions of the tensors differ.

    Returns:
        The head and the candidates.

    Raises:
        ValueError: If shapes do not match, a feature is NaN, or there is no training image.

    Example:
        >>> import torch
        >>> images = torch.tensor([[0.0, 1.0], [1.0, 1.0], [3.0, 0.0], [4.0, 0.5], [9.0, 0.0]])
        >>> labels = torch.tensor([[0, 0], [0, 0], [1, 0], [1, 0], [-1, 0]])
        >>> trained = LinearHead(torch.tensor([[-1.0, 0.0], [1.0, 0.0]]), torch.zeros(2))
        >>> batches = [(images, labels)]
        >>> result = refit_linear_head(trained, batches, batches, unknown_as_negative=False)
        >>> result.chosen, result.kept_classes
        ('class means, ridge 3', [1])
    """
    if unknown_as_negative:
        train, val = UnknownAsNegativeBatches(train), None if val is None else UnknownAsNegativeBatches(val)
    start = trained.double()
    moments = class_moments(train, start, reduce_sum)
    has_positive = moments.num_positives > 0

    def class_means(ridge: float) -> LinearHead:
        return class_mean_head(moments, ridge).where(has_positive, start)

    def blend(ridge: float) -> LinearHead:
        return blend_heads(start, class_means(ridge), moments)

    heads = {TRAINED: start}
    unchosen = f"blend, ridge {UNCHOSEN_RIDGE:g}"
    problem = _problem_of_validation(val, start, reduce_sum)
    if problem is None:
        heads |= {f"class means, ridge {ridge:g}": class_means(ridge) for ridge in class_mean_ridges}
        heads |= {f"blend, ridge {ridge:g}": blend(ridge) for ridge in ridges}
        for strength in strengths:
            head = category_wise_refit(start, train, strength, reduce_sum, moments=moments)
            heads[f"category-wise, strength {strength:g}"] = head
    else:
        heads[unchosen] = blend(UNCHOSEN_RIDGE)

    choice = HeadChoice(unchosen, "", []) if val is None else choose_head(heads, val, gather)
    if problem is not None:
        choice = HeadChoice(unchosen, problem, choice.candidates)
    head = trained
    if choice.chosen != TRAINED:
        head = calibrate_head(heads[choice.chosen], train, reduce_sum).where(has_positive, start)
    kept_classes = (~has_positive).nonzero()[:, 0].tolist()
    return RefitResult(head, choice.chosen, choice.reason, choice.candidates, kept_classes)


def _problem_of_validation(val: Batches | None, head: LinearHead, reduce_sum: ReduceSum) -> str | None:
    """Return why validation cannot choose, as a sentence; None if it can."""
    taken = f"The blend with ridge {UNCHOSEN_RIDGE:g} was taken without a choice, because"
    if val is None:
        return f"{taken} there is no validation set."
    num_positives, num_negatives = known_counts(val, head.bias, reduce_sum)
    present = num_positives[num_positives > 0]
    if not len(present):
        return f"{taken} validation has no known positive."
    if not (num_negatives[num_positives > 0] > 0).any():
        return f"{taken} validation has no class with a known positive and a known negative."
    if present.mean() <= 1:
        return f"{taken} validation has at most one known positive per class."
    return None
