"""Known elements of GPU tensors, sorted on the GPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from ..labels import NEGATIVE, POSITIVE, UNKNOWN
from .known_elements import known_elements
from .ranked_elements import RankedElements, rank_elements

if TYPE_CHECKING:
    from typing import TypeGuard  # since Python 3.10

_CHUNK = 1 << 26  # number of elements sorted at once, which need about 2 GB of GPU memory


def ranked_known_elements(
    scores: ArrayLike | Tensor,
    labels: ArrayLike | Tensor,
    classes: ArrayLike | Tensor | None = None,
    *,
    num_classes: int | None = None,
    pooled: bool = False,
    caller: str,
) -> RankedElements:
    """Validate scores and labels, and sort the known elements by class and score.

    Tensors on a GPU are sorted on the GPU; all other inputs are sorted by ``rank_elements``. The metrics use
    the ranking in the same way, so their results are equal bit for bit.

    Args:
        scores: As in :func:`known_elements`.
        labels: As in :func:`known_elements`.
        classes: As in :func:`known_elements`.
        num_classes: As in :func:`known_elements`.
        pooled: Whether the elements of all classes are pooled into one class.
        caller: Name of the function whose arguments these are, for the messages.

    Returns:
        The ranking.

    Raises:
        ValueError: As :func:`known_elements`.
    """
    if _is_on_gpu(scores) and _is_on_gpu(labels) and (classes is None or _is_on_gpu(classes)):
        ranked = rank_tensors(scores, labels, classes, num_classes=num_classes, pooled=pooled)
        if ranked is not None:
            return ranked
    elements = known_elements(scores, labels, classes, num_classes=num_classes, caller=caller)
    return rank_elements(elements.pooled() if pooled else elements)


@torch.no_grad()
def rank_tensors(
    scores: Tensor,
    labels: Tensor,
    classes: Tensor | None = None,
    *,
    num_classes: int | None = None,
    pooled: bool = False,
) -> RankedElements | None:
    """Sort the known elements of tensors on their own device; matrices are sorted in blocks of classes.

    Args:
        scores: Scores of shape (N, C); or of shape (K,), one for each element of ``classes``.
        labels: 1 positive, 0 negative, -1 unknown, of the same shape.
        classes: Class index of each element, of shape (K,); None for matrices.
        num_classes: The number of classes of flat elements; by default the largest class index plus one.
        pooled: Whether the elements of all classes are pooled into one class.

    Returns:
        The ranking; None if an input is invalid, for which :func:`known_elements` raises the error.

    Example:
        >>> ranked = rank_tensors(torch.tensor([[0.5, 0.1], [0.25, 1.0]]), torch.tensor([[1, -1], [0, 1]]))
        >>> ranked.scores.tolist(), ranked.positive.tolist(), ranked.bounds.tolist()
        ([0.25, 0.5, 1.0], [False, True, True], [0, 2, 3])
    """
    if scores.shape != labels.shape or scores.ndim != (2 if classes is None else 1):
        return None
    exact_in_32 = scores.dtype in (torch.bool, torch.float16, torch.bfloat16, torch.float32)
    scores = scores.to(torch.float32 if exact_in_32 else torch.float64)
    if classes is not None:
        if classes.shape != scores.shape or classes.is_floating_point():
            return None
        lowest, highest = (int(bound) for bound in classes.aminmax()) if len(classes) else (0, -1)
        num_classes = highest + 1 if num_classes is None else num_classes
        if lowest < 0 or highest >= num_classes:
            return None
    if pooled:
        scores, labels, classes = scores.reshape(-1, 1), labels.reshape(-1, 1), None
    if classes is not None:
        parts = [_rank_part(scores, labels, classes.long(), num_classes or 0)]
    else:
        width = max(_CHUNK // max(len(scores), 1), 1)
        blocks = zip(torch.split(scores, width, dim=1), torch.split(labels, width, dim=1))
        parts = [_rank_part(*block) for block in blocks]
    valid_parts = [part for part in parts if part is not None]
    if len(valid_parts) < len(parts):
        return None
    ranked_scores, positive, counts = (np.concatenate(arrays) for arrays in zip(*valid_parts))
    return RankedElements(ranked_scores, positive, np.concatenate([[0], np.cumsum(counts)]))


def _rank_part(
    scores: Tensor, labels: Tensor, classes: Tensor | None = None, num_classes: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Return sorted scores and positives, and the number of elements per class; None for invalid inputs."""
    positive = labels == POSITIVE
    known = positive | (labels == NEGATIVE)
    if bool((~known & (labels != UNKNOWN)).any()):
        return None
    if classes is None:
        scores, positive, known = scores.T, positive.T, known.T
        counts = known.sum(dim=1)
        classes = torch.arange(len(counts), device=counts.device).repeat_interleave(counts)
    else:
        classes = classes[known]
        counts = torch.bincount(classes, minlength=num_classes)
    scores, positive = scores[known], positive[known]
    if bool(scores.isnan().any()):
        return None
    order = scores.argsort(stable=True)
    order = order[classes[order].argsort(stable=True)]
    return scores[order].cpu().numpy(), positive[order].cpu().numpy(), counts.cpu().numpy()


def _is_on_gpu(values: object) -> TypeGuard[Tensor]:
    return isinstance(values, Tensor) and values.is_cuda
