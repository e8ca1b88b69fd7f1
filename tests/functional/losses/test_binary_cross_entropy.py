"""Binary cross-entropy over known labels, against a loop."""

from __future__ import annotations

import math

import pytest
import torch

from mmpretrain_imbalance.functional import partial_binary_cross_entropy


def by_hand(logit: float, label: float) -> tuple[float, float]:
    """Loss and derivative of an element."""
    if label == -1:
        return 0.0, 0.0
    p = 1 / (1 + math.exp(-logit))
    return -(label * math.log(p) + (1 - label) * math.log(1 - p)), p - label


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 1e-6)])
def test_value_and_gradient_equal_loop(dtype, tolerance):
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(5, 7, generator=generator).to(dtype).requires_grad_()
    labels = torch.randint(-1, 2, (5, 7), generator=generator).to(dtype)
    labels[0, 0] = 0.25  # soft
    elements = partial_binary_cross_entropy(logits, labels)
    elements.sum().backward()
    pairs = [[by_hand(x, y) for x, y in zip(*rows)] for rows in zip(logits.tolist(), labels.tolist())]
    expected = torch.tensor(pairs, dtype=torch.float64)
    torch.testing.assert_close(
        elements.detach().double(), expected[..., 0], rtol=tolerance, atol=tolerance * 1e-1
    )
    torch.testing.assert_close(logits.grad.double(), expected[..., 1], rtol=tolerance, atol=tolerance * 1e-1)


@pytest.mark.parametrize("function", [partial_binary_cross_entropy, partial_binary_cross_entropy.unvalidated])
def test_soft_label_mixes_positive_and_negative(function):
    generator = torch.Generator().manual_seed(2)
    logits = 4 * torch.randn(6, 5, generator=generator, dtype=torch.float64)
    labels = torch.rand(6, 5, generator=generator, dtype=torch.float64)
    labels[:2] = torch.tensor([1.0, 0.0, -1.0, 0.0, 1.0])
    logits.requires_grad_()
    elements = function(logits, labels)
    (slopes,) = torch.autograd.grad(elements.sum(), logits)
    for n in range(6):
        for c in range(5):
            x, y = logits[n, c].item(), labels[n, c].item()
            pairs = [by_hand(x, hard) for hard in (1, 0)]
            expected = [max(y, 0) * up + (1 - abs(y)) * down for up, down in zip(*pairs)]
            assert elements[n, c].item() == pytest.approx(expected[0], rel=1e-12, abs=1e-15)
            assert slopes[n, c].item() == pytest.approx(expected[1], rel=1e-12, abs=1e-15)


def test_extreme_and_infinite_logits():
    logits = torch.tensor([[80.0, -80.0, 80.0, -80.0, math.inf]], requires_grad=True)
    labels = torch.tensor([[1, 1, 0, 0, -1]])
    elements = partial_binary_cross_entropy(logits, labels)
    elements.sum().backward()
    torch.testing.assert_close(elements.detach(), torch.tensor([[0.0, 80.0, 80.0, 0.0, 0.0]]))
    torch.testing.assert_close(logits.grad, torch.tensor([[0.0, -1.0, 1.0, 0.0, 0.0]]))


def test_derivative_by_gradcheck():
    logits = torch.randn(
        3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1), requires_grad=True
    )
    labels = torch.tensor([[1, 0, -1, 1]]).expand(3, 4)
    assert torch.autograd.gradcheck(lambda x: partial_binary_cross_entropy(x, labels), logits)
