"""Online label estimation (ROLE): a model and a table of label estimates teach each other."""

from __future__ import annotations

import torch
from torch import Tensor

from .elementwise_loss_function import elementwise_loss_function
from .expected_positives_loss import expected_positives_loss
from .negative_log_sigmoid import negative_log_sigmoid


@elementwise_loss_function
def online_label_estimation_loss(
    logits: Tensor,
    labels: Tensor,
    estimates: Tensor,
    expected_positives: float,
    use_negatives: bool = False,
    eps: float = 1e-5,
) -> Tensor:
    r"""The loss of expected positives of model and estimates, and a cross-entropy of each towards the other.

    With :math:`p = \sigma(x)` of the model, :math:`e = \sigma(z)` of the estimates, sg for no gradient,
    :math:`L(v) = -\log(v + \epsilon)`, :math:`CE(t, v) = t L(v) + (1 - t) L(1 - v)` and :math:`\ell_{EPR}` of
    :func:`~mmpretrain_imbalance.functional.expected_positives_loss`:

    .. math::
        \tfrac12 [\ell_{EPR}(p) + \ell_{EPR}(e)] + \tfrac12 [CE(\mathrm{sg}\, e, p) + CE(\mathrm{sg}\, p, e)]

    As there, every element carries the whole regularizer, so that the MEAN over the N C elements is the loss
    of the paper.

    Source: Cole et al., CVPR 2021 (arXiv 2106.09708).

    Args:
        logits: Scores x of the model before the sigmoid, of shape (N, C).
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).
        estimates: Scores z of the estimates before the sigmoid, of shape (N, C).
        expected_positives: The mean number k of positives of an image: 1.5 in VOC, 2.9 in COCO, 1.9 in
            NUS-WIDE, 31.4 in CUB.
        use_negatives: Whether an annotated negative also costs :math:`L(1 - p) + L(1 - e)`, halved (ours: the
            data of the paper has none).
        eps: Added inside every logarithm, as in the authors' code; 0 for none.

    Returns:
        Loss of each element in nats, of shape (N, C), not reduced, with gradients for logits and estimates.

    Raises:
        ValueError: If the shapes differ, a logit is NaN, or a label is none of 1, 0 and -1.

    Example:
        >>> zeros = torch.zeros(1, 4)
        >>> online_label_estimation_loss(zeros, torch.tensor([[1, 0, -1, -1]]), zeros, expected_positives=2)
        tensor([[1.3863, 0.6931, 0.6931, 0.6931]])
    """
    arguments = expected_positives, use_negatives, eps
    own = expected_positives_loss.unvalidated(logits, labels, *arguments)
    own = own + expected_positives_loss.unvalidated(estimates, labels, *arguments)
    towards_estimates = _cross_entropy(torch.sigmoid(estimates.detach()), logits, eps)
    towards_model = _cross_entropy(torch.sigmoid(logits.detach()), estimates, eps)
    return 0.5 * own + 0.5 * (towards_estimates + towards_model)


def _cross_entropy(target: Tensor, logits: Tensor, eps: float) -> Tensor:
    return target * negative_log_sigmoid(logits, eps) + (1 - target) * negative_log_sigmoid(-logits, eps)
