"""Online label estimation loss (ROLE), which trains a model and label estimates together."""

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
    r"""EPR loss of the model and of the estimates, plus a cross-entropy between both in each direction.

    With :math:`p = \sigma(x)` of the model, :math:`e = \sigma(z)` of the estimates, sg for stopped gradients,
    :math:`L(v) = -\log(v + \epsilon)`, :math:`CE(t, v) = t L(v) + (1 - t) L(1 - v)` and :math:`\ell_{EPR}` of
    :func:`expected_positives_loss`:

    .. math::
        \tfrac12 [\ell_{EPR}(p) + \ell_{EPR}(e)] + \tfrac12 [CE(\mathrm{sg}\, e, p) + CE(\mathrm{sg}\, p, e)]

    As in the EPR loss, every element includes the whole regularizer, so the MEAN over the N C elements is the
    loss of the paper.

    Source: Cole et al., CVPR 2021 (arXiv 2106.09708).

    Args:
        logits: Scores x of the model before the sigmoid, of shape (N, C).
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).
        estimates: Scores z of the estimates before the sigmoid, of shape (N, C).
        expected_positives: The expected number k of positives per image: 1.5 in VOC, 2.9 in COCO, 1.9 in
            NUS-WIDE, 31.4 in CUB.
        use_negatives: Whether annotated negatives have the additional loss
            :math:`\tfrac12 [L(1 - p) + L(1 - e)]` (ours; the data of the paper has no annotated negatives).
        eps: Added inside every logarithm, as in the authors' code; 0 for none.

    Returns:
        Loss of each element in nats, of shape (N, C), not reduced, with gradients for logits and estimates.

    Raises:
        ValueError: If the shapes differ, a logit is NaN, or a label is not 1, 0, -1 or between 0 and 1.

    Example:
        >>> zeros = torch.zeros(1, 4)
        >>> online_label_estimation_loss(zeros, torch.tensor([[1, 0, -1, -1]]), zeros, expected_positives=2)
        tensor([[1.3863, 0.6931, 0.6931, 0.6931]])
    """
    arguments = expected_positives, use_negatives, eps
    expected = expected_positives_loss.unvalidated(logits, labels, *arguments)
    expected = expected + expected_positives_loss.unvalidated(estimates, labels, *arguments)
    towards_estimates = _cross_entropy(torch.sigmoid(estimates.detach()), logits, eps)
    towards_model = _cross_entropy(torch.sigmoid(logits.detach()), estimates, eps)
    return 0.5 * expected + 0.5 * (towards_estimates + towards_model)


def _cross_entropy(target: Tensor, logits: Tensor, eps: float) -> Tensor:
    return target * negative_log_sigmoid(logits, eps) + (1 - target) * negative_log_sigmoid(-logits, eps)
