"""Partial asymmetric loss (P-ASL): separate focusing of positives, negatives and unknown elements."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from ..labels import unknown_as_negative, values_by_label
from .elementwise_loss_function import elementwise_loss_function, mixed_over_hard_labels
from .local_elements import local_elements
from .negative_log_sigmoid import softplus


@elementwise_loss_function(mix_soft_labels=False)
def partial_asymmetric_loss(
    logits: Tensor,
    labels: Tensor,
    gamma_pos: float | Tensor = 0.0,
    gamma_neg: float | Tensor = 0.0,
    gamma_unknown: float | Tensor = 0.0,
    alpha_pos: float = 1.0,
    alpha_neg: float = 1.0,
    alpha_unknown: float = 1.0,
    clip: float = 0.0,
    detach_focus: bool = True,
    eps: float = 1e-8,
) -> Tensor:
    r"""Partial asymmetric loss (P-ASL), in which unknown elements are negatives with parameters of their own.

    With :math:`p = \sigma(x)`, :math:`q = \min(1 - p + clip, 1)` and the indicators :math:`P, G, U` of
    positive, negative and unknown labels:

    .. math::
        \ell = -(1 - pP - q(G + U))^{\gamma_+ P + \gamma_- G + \gamma_u U}
               \left( \alpha_+ P \log \max(p, \epsilon)
               + (\alpha_- G + \alpha_u U) \log \max(q, \epsilon) \right)

    Only the logits have a gradient. It is 0 where a probability is below ``eps``, as in the authors' code.
    Except for the parameters of plain binary cross-entropy, computing a second derivative raises. The
    logarithms are computed in a form that stays exact near 1.

    Source: Ben-Baruch et al., CVPR 2022 (arXiv 2110.10955), after ASL of Ridnik et al., ICCV 2021 (arXiv
    2009.14119).

    Args:
        logits: Scores before the sigmoid, of shape (N, C).
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).
        gamma_pos: Focusing exponent of positives: a number, or one per class, of shape (C,); 0 for none.
        gamma_neg: Focusing exponent of negatives, in the same form.
        gamma_unknown: Focusing exponent of unknown elements, in the same form.
        alpha_pos: Weight of positives.
        alpha_neg: Weight of negatives.
        alpha_unknown: Weight of unknown elements.
        clip: Probability margin added to q. The loss of negatives with a probability below it is 0.
        detach_focus: Whether the focusing weight is excluded from the gradient, as by the authors of CSL. The
            focal loss and the published default of ASL include it. The loss is the same.
        eps: Smallest probability inside a logarithm; 0 for none.

    Returns:
        Loss of each element in nats, of shape (N, C), not reduced. The loss of unknown elements is not 0; see
        :func:`unknown_weights` for weights of unknown elements.

    Raises:
        ValueError: If the shapes differ, a logit is NaN, or a label is not 1, 0, -1 or between 0 and 1.

    Example:
        >>> labels = torch.tensor([[1, 0, -1]])
        >>> partial_asymmetric_loss(torch.zeros(1, 3), labels, gamma_neg=1, gamma_unknown=4)
        tensor([[0.6931, 0.3466, 0.0433]])
    """
    gammas, alphas = (gamma_pos, gamma_neg, gamma_unknown), (alpha_pos, alpha_neg, alpha_unknown)
    if not (_any_focus(gammas) or clip or eps) and alphas == (1, 1, 1):
        target = unknown_as_negative(labels).to(logits.dtype)
        return F.binary_cross_entropy_with_logits(logits, target, reduction="none")

    def loss_of(hard: Tensor) -> Tensor:
        with torch.no_grad():
            loss, slope = _loss_and_slope(logits, hard, gammas, alphas, clip, detach_focus, eps)
        return local_elements(logits, loss, slope)

    return mixed_over_hard_labels(loss_of, labels) if labels.is_floating_point() else loss_of(labels)


def _any_focus(gammas: tuple[float | Tensor, ...]) -> bool:
    """Return whether an exponent may differ from 0; tensors are not read and count as different."""
    return any(isinstance(gamma, Tensor) or gamma for gamma in gammas)


def _loss_and_slope(
    logits: Tensor,
    labels: Tensor,
    gammas: tuple[float | Tensor, float | Tensor, float | Tensor],
    alphas: tuple[float, float, float],
    clip: float,
    detach_focus: bool,
    eps: float,
) -> tuple[Tensor, Tensor]:
    r"""Return the loss and its derivative; autograd would keep and compute twice as many tensors.

    Let z = -x at positives and z = x elsewhere. Then :math:`m = \sigma(z)` is one minus the probability of
    the label, with the derivative :math:`m h`, where :math:`h = \sigma(-z)`. The cross-entropy
    :math:`\log(1 + e^z)` has the derivative m. With the margin, at all elements but positives, the
    cross-entropy is :math:`-\log q` with :math:`q = \min(h + clip, 1)`, and :math:`m = 1 - q`. The focusing
    weight :math:`m^g` has the derivative :math:`m^g g\, m' / m`.
    """
    positive = unknown_as_negative(labels).to(logits.dtype)
    sign = 1 - 2 * positive
    z = logits * sign
    missing = slope = torch.sigmoid(z)
    # Finite, so that its product with a weight of 0 is 0 and not NaN.
    loss = softplus(z).clamp_(max=torch.finfo(z.dtype).max)
    if clip > 0:
        # h is computed directly, because 1 - m is not exact for m near 1.
        h = torch.sigmoid(-z)
        q = (h + clip).clamp_(max=1)
        rate = h.mul_(missing).mul_((q < 1).to(z.dtype))
        loss = torch.lerp(-torch.log(q), loss, positive)
        slope = torch.lerp(rate / q, missing, positive)
        missing = torch.lerp(1 - q, missing, positive)
    if eps > 0:
        slope = slope * (loss <= -math.log(eps)).to(z.dtype)
        loss.clamp_(max=-math.log(eps))
    if _any_focus(gammas):
        exponents = values_by_label(labels, *gammas, z.dtype)
        focus = missing.pow(exponents)
        if not detach_focus:
            relative = torch.sigmoid(-z)
            if clip > 0:
                relative = torch.lerp(rate / missing.clamp(min=torch.finfo(z.dtype).tiny), relative, positive)
            slope = slope + relative.mul_(exponents).mul_(loss)
        loss.mul_(focus)
        slope = slope * focus
    if alphas != (1, 1, 1):
        factor = values_by_label(labels, *alphas, z.dtype)
        loss.mul_(factor)
        slope = slope * factor
    return loss, slope * sign
