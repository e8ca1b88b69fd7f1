"""Shares of a joint loss that carry the gradient of their own logit."""

from __future__ import annotations

import torch

from mmpretrain_imbalance.functional.local_elements import local_elements


def test_weights_scale_each_gradient_alone():
    logits = torch.zeros(2, 2, requires_grad=True)
    values, slopes = torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([[5.0, 6.0], [7.0, 8.0]])
    weight = torch.tensor([[0.0, 1.0], [2.0, -1.0]])
    elements = local_elements(logits, values, slopes)
    torch.testing.assert_close(elements.detach(), values)
    (elements * weight).sum().backward()
    torch.testing.assert_close(logits.grad, weight * slopes)
