"""Logits of an image, corrected by what the known labels of its other classes say."""

from __future__ import annotations

import torch
from torch import Tensor

from ...utils.argument_checks import check_integer, check_number


@torch.no_grad()
def correct_by_co_occurrence(
    logits: Tensor, labels: Tensor, fitted_labels: Tensor, penalty: float, iterations: int = 100
) -> Tensor:
    r"""Add a sparse linear function of the residuals of the known other classes of the same image.

    .. math::
        z_{nc} = s_{nc} + b_c + \sum_{k \ne c} B_{ck} r_{nk}, \qquad
        r_{nk} = \begin{cases} y_{nk} - \sigma(s_{nk}) & \text{if } y_{nk} \text{ is known} \\
        0 & \text{otherwise} \end{cases}

    b and B minimize, for each class, the mean cross-entropy of its known labels plus
    :math:`\lambda \sum_k |B_{ck}|`. A residual is what a label says beyond the features, so two classes that
    are visible in the same images do not count twice. All classes are fitted at once by accelerated proximal
    gradient descent (FISTA) with one step size per weight, that of the separable bound of the curvature

    .. math:: L_{ck} = \frac{1}{4 n_c} \sum_{n:\, y_{nc} \ne -1} |r_{nk}|\, (1 + \sum_j |r_{nj}|).

    Source: Beck and Teboulle, SIAM J. Imaging Sciences 2009, for FISTA; the separable bound is that of
    De Pierro, IEEE TMI 1995. The model of residuals is of this project.

    Args:
        logits: Calibrated logits s, of shape (N, C), which must not depend on the labels of the same image.
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C), for the residuals.
        fitted_labels: Labels to fit, of shape (N, C): ``labels``, or fewer of them if the others test the
            fit.
        penalty: :math:`\lambda`.
        iterations: Number of steps.

    Returns:
        Logits z, float32, of shape (N, C).

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> labels = torch.tensor([[1, 1], [0, 0], [1, 1], [0, 0], [1, -1]])
        >>> corrected = correct_by_co_occurrence(torch.zeros(5, 2), labels, labels, penalty=2e-3)
        >>> torch.sigmoid(corrected[4, 1]) > 0.8  # both classes occur together
        tensor(True)
    """
    name = "correct_by_co_occurrence"
    check_number(name, 0, penalty=penalty)
    check_integer(name, 1, iterations=iterations)
    logits = logits.float()
    residuals = torch.where(labels >= 0, (labels == 1).float() - torch.sigmoid(logits), 0)
    known, positive = fitted_labels >= 0, (fitted_labels == 1).float()
    # The last column is the intercept, which has no penalty.
    inputs = torch.cat([residuals, torch.ones_like(residuals[:, :1])], dim=1)
    num_known = known.sum(dim=0).clamp(min=1)[:, None]
    sizes = inputs.abs()
    curvatures = known.float().T @ (sizes * sizes.sum(dim=1, keepdim=True)) / (4 * num_known)
    steps = torch.where(curvatures > 0, 1 / curvatures, 0)
    penalties = steps * penalty
    penalties[:, -1] = 0
    others = torch.ones_like(steps)
    others.fill_diagonal_(0)
    weights = torch.zeros_like(steps)
    ahead, momentum = weights, 1.0
    for _ in range(iterations):
        probabilities = torch.sigmoid(logits + inputs @ ahead.T)
        gradient = torch.where(known, probabilities - positive, 0).T @ inputs / num_known
        moved = ahead - steps * gradient
        moved = moved.sign() * (moved.abs() - penalties).clamp(min=0) * others
        next_momentum = (1 + (1 + 4 * momentum**2) ** 0.5) / 2
        ahead = moved + (momentum - 1) / next_momentum * (moved - weights)
        weights, momentum = moved, next_momentum
    return logits + inputs @ weights.T
