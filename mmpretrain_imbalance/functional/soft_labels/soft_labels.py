"""Probabilities of the unknown labels of a training set."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ...utils.argument_checks import check_integer
from ..labels import NEGATIVE, POSITIVE
from .co_occurrence import correct_by_co_occurrence
from .neighbor_scores import neighbor_scores
from .out_of_fold_logits import out_of_fold_logits
from .principal_components import principal_components
from .prior_matching import match_prior
from .stacked_logits import stack_logits

#: L1 penalties of the co-occurrence among which the first fold chooses.
PENALTIES = (2e-3, 5e-4)


@torch.no_grad()
def soft_labels(
    features: Tensor,
    labels: Tensor,
    *,
    num_folds: int = 5,
    num_neighbors: int = 30,
    num_components: int = 256,
    penalties: Sequence[float] = PENALTIES,
    matches_prior: bool = True,
    seed: int = 0,
) -> Tensor:
    r"""Estimate the probability of a positive label at each unknown element, from features and known labels.

    1. The features are standardized and projected (:func:`principal_components`).
    2. Each element gets three scores that do not depend on the labels of its image: those of two linear heads
       that were fitted on other folds (:func:`out_of_fold_logits`), and the known labels of the nearest other
       images (:func:`neighbor_scores`).
    3. One slope per score and one intercept per class calibrate them on the known labels
       (:func:`stack_logits`).
    4. The known labels of the other classes of the same image correct the result
       (:func:`correct_by_co_occurrence`). The penalty is the one of ``penalties``, or none of them, whose
       fit to the other folds has the smallest cross-entropy of the known labels of the first fold.
    5. A shift per class gives all labels the fraction of positives of the known ones (:func:`match_prior`).

    Source: this project, as its form of the pseudo-labels of Zhang et al., 2023 (arXiv 2308.00166); only the
    abstract of that paper was available.

    Memory: about ten float32 arrays of shape (N, C). This is for training sets of up to about 10^8 elements
    N C, such as COCO (82,783 x 80), and not for Open Images.

    Args:
        features: Features of the training images, of shape (N, D).
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).
        num_folds: Number of folds.
        num_neighbors: Number of nearest neighbors.
        num_components: Largest number of principal components.
        penalties: L1 penalties of the co-occurrence to choose from.
        matches_prior: Whether to shift the logits to the fraction of positives among the known labels. It
            is no estimate of the prior if a fixed number of labels of each class was annotated.
        seed: Seed of the folds.

    Returns:
        Probabilities, float32, of shape (N, C): 1 and 0 at known labels, and NaN at the unknown labels of a
        class that lacks known positives or known negatives.

    Raises:
        ValueError: If no class has known positives and known negatives, or a number is too small.

    Example:
        >>> features = torch.tensor([[-2.0], [-1.0], [1.0], [2.0]]).repeat(5, 1)
        >>> labels = (features > 0).int()
        >>> labels[-4:] = -1
        >>> soft_labels(features, labels)[-4:].flatten() > 0.5
        tensor([False, False,  True,  True])
    """
    check_integer("soft_labels", 2, num_folds=num_folds)
    check_integer("soft_labels", 1, num_components=num_components)
    usable = classes_with_both_labels(labels)
    known = labels[:, usable]
    components = principal_components(features, num_components)
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    folds = (order % num_folds).to(labels.device)
    heads = out_of_fold_logits(components, known, folds)
    neighbors = neighbor_scores(components, known, num_neighbors)
    logits = stack_logits(torch.cat([heads, neighbors[None]]), known).logits
    penalty = _best_penalty(logits, known, folds == 0, penalties)
    if penalty is not None:
        logits = correct_by_co_occurrence(logits, known, known, penalty)
    if matches_prior:
        logits = logits + match_prior(logits, known)
    estimated = torch.where(known < 0, torch.sigmoid(logits), known.float())
    result = torch.where(labels < 0, torch.nan, labels.float())
    result[:, usable] = estimated
    return result


def classes_with_both_labels(labels: Tensor) -> Tensor:
    """Find the classes for which soft labels can be estimated.

    Args:
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).

    Returns:
        Indices of the classes with known positives and known negatives, of shape (K,).

    Raises:
        ValueError: If there is no such class.

    Example:
        >>> classes_with_both_labels(torch.tensor([[1, 1], [0, -1]]))
        tensor([0])
    """
    usable = ((labels == POSITIVE).any(dim=0) & (labels == NEGATIVE).any(dim=0)).nonzero()[:, 0]
    if not len(usable):
        raise ValueError(
            "The 'labels' argument of soft_labels must have a class with known positives and known "
            "negatives. Got none instead. If only positives are annotated, choose another method from "
            "docs/which_method.md."
        )
    return usable


def _best_penalty(
    logits: Tensor, labels: Tensor, held_out: Tensor, penalties: Sequence[float]
) -> float | None:
    """Choose by the known labels of held-out images, each given the other known labels of its image."""
    fitted = labels.masked_fill(held_out[:, None], -1)
    is_known = (labels >= 0) & held_out[:, None]
    candidates: dict[float | None, Tensor] = {None: logits}
    for penalty in penalties:
        candidates[penalty] = correct_by_co_occurrence(logits, labels, fitted, penalty)
    costs = {
        penalty: F.binary_cross_entropy_with_logits(corrected[is_known], labels[is_known].float())
        for penalty, corrected in candidates.items()
    }
    return min(costs, key=lambda penalty: costs[penalty].item())
