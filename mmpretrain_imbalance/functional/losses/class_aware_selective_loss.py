"""Treatment of unknown elements as negative, ignored, or selected per element (CSL)."""

from __future__ import annotations

import torch
from torch import Tensor

from ...utils.argument_checks import check_choice, check_number
from ..labels import UNKNOWN, known_labels

#: Values of ``mode`` of :func:`unknown_weights`.
UNKNOWN_MODES = ("negative", "ignore", "ignore_normalized")
#: Values of ``topk_scope`` of :func:`selective_keep`.
TOPK_SCOPES = ("batch", "image")


def unknown_weights(labels: Tensor, mode: str, dtype: torch.dtype = torch.float32) -> Tensor | None:
    r"""Weight of each element under a fixed treatment of unknown labels.

    ``'negative'``: 1 everywhere. ``'ignore'``: 0 at unknown elements. ``'ignore_normalized'``: 0 at unknown
    elements, elsewhere :math:`1 / (1 + k_n) + 1` with :math:`k_n` the number of known labels of the image, as
    in the code of Ben-Baruch et al.

    Args:
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).
        mode: One of the three names above.
        dtype: Floating dtype of the weights.

    Returns:
        Weights of shape (N, C), or ``None`` if all weights are 1.

    Raises:
        ValueError: If the mode is unknown.

    Example:
        >>> unknown_weights(torch.tensor([[1, 0, -1]]), "ignore_normalized")
        tensor([[1.3333, 1.3333, 0.0000]])
    """
    check_choice("unknown_weights", UNKNOWN_MODES, unknown=mode)
    if mode == "negative":
        return None
    known = known_labels(labels)
    if mode == "ignore":
        return known.to(dtype)
    return known.to(dtype) * (1 / (1 + known.sum(dim=1, keepdim=True).to(dtype)) + 1)


@torch.no_grad()
def selective_keep(
    logits: Tensor,
    labels: Tensor,
    likelihood_topk: float,
    topk_scope: str = "batch",
    class_prior: Tensor | None = None,
    prior_threshold: float | None = None,
) -> Tensor:
    r"""Select the elements that take part: all known ones, and the unknown ones that are likely negative.

    An unknown element is left out if the prior of its class exceeds ``prior_threshold``, or if it is among
    the :math:`K N` unknown elements of the batch with the largest label likelihood :math:`p`. Elements that
    the prior leaves out stay in this ranking and count towards the :math:`K N` elements.

    Source: Ben-Baruch et al., CVPR 2022 (arXiv 2110.10955), Section 3. ``topk_scope='image'`` (K unknown
    elements per image instead of K N per batch) is ours.

    Args:
        logits: Scores before the sigmoid, of shape (N, C).
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).
        likelihood_topk: K, about the expected number of unannotated positives per image. With the scope
            ``'batch'`` it may be a fraction: 0.5 leaves out one element for every two images.
        topk_scope: ``'batch'`` for the authors' ranking over the batch, ``'image'`` for one ranking per
            image.
        class_prior: P(positive) of each class, of shape (C,); ``None`` for no prior.
        prior_threshold: Unknown elements of classes with a larger prior are left out; 0 or ``None`` ignores
            the prior.

    Returns:
        Elements that take part, bool, of shape (N, C).

    Raises:
        ValueError: If the scope is unknown, K is negative, or K is not an integer with the scope
            ``'image'``.

    Example:
        >>> logits = torch.tensor([[2.0, 1.0, -1.0], [0.5, -2.0, 3.0]])
        >>> labels = torch.tensor([[1, -1, -1], [-1, -1, 0]])
        >>> selective_keep(logits, labels, likelihood_topk=1)
        tensor([[ True, False,  True],
                [False,  True,  True]])
    """
    check_topk("selective_keep", likelihood_topk, topk_scope)
    known = known_labels(labels)
    num_images, num_classes = labels.shape
    # Known elements rank below all unknown ones: they are chosen only if there are too few unknown elements.
    ranking = logits.clamp(max=1e29) - 1e30 * (labels - UNKNOWN)
    if topk_scope == "batch":
        ranking = ranking.reshape(1, -1)
        budget = min(round(likelihood_topk * num_images), num_images * num_classes)
    else:
        budget = min(int(likelihood_topk), num_classes)
    likeliest = ranking.topk(budget, dim=1, sorted=False).indices
    keep = torch.ones_like(ranking, dtype=torch.bool).scatter_(1, likeliest, False).view_as(labels)
    if class_prior is not None and prior_threshold:
        keep = keep & (class_prior.to(logits.device) <= prior_threshold)
    return keep | known


def check_topk(caller: str, likelihood_topk: float, topk_scope: str) -> None:
    """Raise unless the number of elements to leave out is valid for its scope.

    Args:
        caller: Name of the function or class whose arguments these are, for the message.
        likelihood_topk: K of :func:`selective_keep`.
        topk_scope: ``'batch'`` or ``'image'``.

    Raises:
        ValueError: If the scope is unknown, K is negative, or K is not an integer with the scope
            ``'image'``.

    Example:
        >>> check_topk("SomeLoss", 0.5, "batch")
    """
    check_choice(caller, TOPK_SCOPES, topk_scope=topk_scope)
    check_number(caller, 0, likelihood_topk=likelihood_topk)
    if topk_scope == "image" and likelihood_topk != int(likelihood_topk):
        raise ValueError(
            f"The 'likelihood_topk' argument of {caller} must be an integer with topk_scope='image'. Got "
            f"{likelihood_topk} instead. Use topk_scope='batch' for fractions."
        )
