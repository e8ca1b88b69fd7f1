"""Choice between linear heads by average precision over the known labels of a validation set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch

from ..labels import hard_labels, known_labels
from ..metrics.average_precision import mean_average_precision
from ..metrics.known_elements import known_elements
from ..metrics.paired_bootstrap import resampled_difference
from ..metrics.resampled_metrics import ResampledRanking, image_resamples
from .label_batches import Batches, Gather, one_process_gather
from .linear_head import LinearHead


@dataclass(frozen=True)
class Candidate:
    """Validation of one head.

    Attributes:
        name: Name of the head.
        score: Weighted average precision in [0, 1]; NaN if no class has known positives and negatives.
        difference: Score minus the score of the trained head.
        low: Lower end of the 95 % interval of the difference over resamples of the validation images.
        high: Upper end of that interval.
    """

    name: str
    score: float
    difference: float
    low: float
    high: float

    def to_dict(self) -> dict[str, Any]:
        """Return the attributes for JSON, with None in place of NaN."""
        return {name: None if value != value else value for name, value in asdict(self).items()}


@dataclass(frozen=True)
class HeadChoice:
    """The chosen head.

    Attributes:
        chosen: Name of the head.
        reason: Why it was chosen, in one sentence.
        candidates: Validation of each head.
    """

    chosen: str
    reason: str
    candidates: list[Candidate]


def choose_head(
    heads: Mapping[str, LinearHead],
    val: Batches,
    gather: Gather = one_process_gather,
    *,
    num_resamples: int = 200,
    seed: int = 0,
) -> HeadChoice:
    r"""Choose the head with the highest weighted average precision over known validation labels.

    .. math:: \frac{\sum_c \sqrt{n_c^+} \, \mathrm{AP}_c}{\sum_c \sqrt{n_c^+}}

    with the known validation positives :math:`n_c^+`: the average precision of a class with few positives is
    noisy. A paired bootstrap over the validation images says how uncertain the difference from the trained
    head is; it does not change the choice.

    Args:
        heads: Name and head of each candidate. The first one is the trained head, which is chosen if no other
            head is better.
        val: Validation images with partial labels.
        gather: Collects a tensor of each rank.
        num_resamples: The number of resamples of the bootstrap.
        seed: Seed of the resamples.

    Returns:
        The choice.

    Example:
        >>> heads = {"trained": LinearHead(torch.tensor([[-1.0]]), torch.zeros(1)),
        ...          "other": LinearHead(torch.tensor([[1.0]]), torch.zeros(1))}
        >>> val = [(torch.tensor([[1.0], [2.0], [3.0]]), torch.tensor([[0], [0], [1]]))]
        >>> choose_head(heads, val).chosen
        'other'
    """
    rankings = _rankings(heads, val, gather)
    weights = np.sqrt(next(iter(rankings.values())).positives.counts)
    scores = {
        name: np.array(
            [
                mean_average_precision(ranking.average_precision(times), weights)
                for times in image_resamples(ranking.num_images, num_resamples, seed)
            ]
        )
        for name, ranking in rankings.items()
    }
    baseline = next(iter(scores))
    candidates = []
    for name, values in scores.items():
        found = resampled_difference(values, scores[baseline])
        candidates.append(Candidate(name, float(values[0]), found.difference, found.low, found.high))
    best = max(candidates, key=lambda candidate: candidate.score)
    return HeadChoice(best.name, _reason(best, candidates[0]), candidates)


def _rankings(heads: Mapping[str, LinearHead], val: Batches, gather: Gather) -> dict[str, ResampledRanking]:
    """Rank the known elements of all ranks by the logits of each head."""
    first = next(iter(heads.values())).bias
    scores = [first.new_zeros((len(heads), 0), dtype=torch.float32)]
    positions = [first.new_zeros((3, 0), dtype=torch.int64)]  # label, class and image of each known element
    num_images = 0
    for features, labels in val:
        labels = hard_labels(labels.to(first.device))
        image, index = known_labels(labels).nonzero(as_tuple=True)
        scores.append(torch.stack([head.logits(features)[image, index].float() for head in heads.values()]))
        positions.append(torch.stack([labels[image, index].long(), index, image + num_images]))
        num_images += len(labels)
    all_scores = torch.cat(gather(torch.cat(scores, dim=1).T.contiguous()))
    parts, offset = [], 0
    # Images have different indices on each rank.
    for part in gather(torch.cat(positions, dim=1).T.contiguous()):
        parts.append(part + part.new_tensor([0, 0, offset]))
        offset += int(part[:, 2].max()) + 1 if len(part) else 0
    label, index, image = torch.cat(parts).cpu().numpy().T
    every_class = np.ones(len(first), bool)
    return {
        name: ResampledRanking(
            known_elements(
                column, label, index, image, num_classes=len(first), keep_images=True, caller="choose_head"
            ),
            every_class,
        )
        for name, column in zip(heads, all_scores.cpu().numpy().T)
    }


def _reason(best: Candidate, trained: Candidate) -> str:
    if best.name == trained.name:
        return (
            f"The weighted average precision over known validation labels is {trained.score:.1%} with the "
            "trained head, and no other head has a higher one."
        )
    return (
        f"The weighted average precision over known validation labels is {best.score:.1%}, against "
        f"{trained.score:.1%} with the trained head (95 % interval of the difference: {best.low:+.1%} to "
        f"{best.high:+.1%})."
    )
