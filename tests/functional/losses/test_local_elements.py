"""Elements of a joint loss that have the gradient of their own logit."""

from __future__ import annotations

import pytest
import torch

from mmpretrain_imbalance.functional import partial_asymmetric_loss
from mmpretrain_imbalance.functional.losses.local_elements import local_elements


def test_weight_scales_only_the_gradient_of_its_element():
    logits = torch.zeros(2, 2, requires_grad=True)
    values, slopes = torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([[5.0, 6.0], [7.0, 8.0]])
    weight = torch.tensor([[0.0, 1.0], [2.0, -1.0]])
    elements = local_elements(logits, values, slopes)
    torch.testing.assert_close(elements.detach(), values)
    (elements * weight).sum().backward()
    torch.testing.assert_close(logits.grad, weight * slopes)


def test_second_derivative_raises_if_a_term_would_be_missing():
    logits, labels = torch.zeros(1, 2, requires_grad=True), torch.tensor([[1, 0]])
    with pytest.raises(RuntimeError, match="given explicitly and cannot be differentiated again"):
        torch.autograd.grad(
            partial_asymmetric_loss(logits, labels, gamma_neg=1).sum(), logits, create_graph=True
        )
    plain = partial_asymmetric_loss(logits, labels, eps=0.0).sum()
    (first,) = torch.autograd.grad(plain, logits, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), logits)
    torch.testing.assert_close(second, torch.full((1, 2), 0.25))
