"""The partial asymmetric loss against a loop of the published formula, value and gradient."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmpretrain_imbalance.functional import partial_asymmetric_loss, partial_binary_cross_entropy

ARGUMENTS = [
    dict(),
    dict(gamma_pos=2, gamma_neg=2, gamma_unknown=2),
    dict(gamma_pos=0, gamma_neg=1, gamma_unknown=4),
    dict(gamma_pos=0, gamma_neg=4, gamma_unknown=4, clip=0.05),
    dict(gamma_pos=0.5, gamma_neg=1.5, gamma_unknown=3),
    dict(gamma_pos=1, gamma_neg=3, gamma_unknown=4, clip=0.2, alpha_pos=0.5, alpha_neg=2, alpha_unknown=0.25),
]


def by_hand(
    x,
    y,
    gamma_pos=0,
    gamma_neg=0,
    gamma_unknown=0,
    alpha_pos=1,
    alpha_neg=1,
    alpha_unknown=1,
    clip=0.0,
    eps=1e-8,
    focus_at=None,
):
    """Formula of an element; ``focus_at`` is the fixed logit of a focus without gradient."""
    P, G, U = float(y == 1), float(y == 0), float(y == -1)

    def probabilities(logit):
        p = 1 / (1 + math.exp(-logit))
        return p, min(1 / (1 + math.exp(logit)) + clip, 1)

    p, q = probabilities(x if focus_at is None else focus_at)
    focus = (1 - p * P - q * (G + U)) ** (gamma_pos * P + gamma_neg * G + gamma_unknown * U)
    p, q = probabilities(x)
    return focus * -(
        alpha_pos * P * math.log(max(p, eps)) + (alpha_neg * G + alpha_unknown * U) * math.log(max(q, eps))
    )


def table(dtype=torch.float64):
    generator = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(6, 9, generator=generator, dtype=torch.float64)
    labels = torch.randint(-1, 2, (6, 9), generator=generator)
    return logits.to(dtype), labels


@pytest.mark.parametrize("arguments", ARGUMENTS, ids=str)
@pytest.mark.parametrize("detach_focus", [True, False])
def test_value_and_gradient_equal_loop(arguments, detach_focus):
    logits, labels = table()
    logits.requires_grad_()
    elements = partial_asymmetric_loss(logits, labels, detach_focus=detach_focus, **arguments)
    elements.sum().backward()
    step = 1e-6
    for n in range(6):
        for c in range(9):
            x, y = logits[n, c].item(), labels[n, c].item()
            assert elements[n, c].item() == pytest.approx(by_hand(x, y, **arguments), rel=1e-10, abs=1e-12)
            focus_at = x if detach_focus else None
            rise = by_hand(x + step, y, focus_at=focus_at, **arguments) - by_hand(
                x - step, y, focus_at=focus_at, **arguments
            )
            assert logits.grad[n, c].item() == pytest.approx(rise / (2 * step), rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("arguments", ARGUMENTS, ids=str)
def test_derivative_by_gradcheck(arguments):
    logits, labels = table()
    assert torch.autograd.gradcheck(
        lambda x: partial_asymmetric_loss(x, labels, detach_focus=False, **arguments), logits.requires_grad_()
    )


@pytest.mark.parametrize("arguments", ARGUMENTS, ids=str)
def test_single_precision_is_accurate_to_two_millionths(arguments):
    logits, labels = table(torch.float32)
    logits.requires_grad_()
    elements = partial_asymmetric_loss(logits, labels, **arguments)
    elements.sum().backward()
    exact = logits.detach().double().requires_grad_()
    expected = partial_asymmetric_loss(exact, labels, **arguments)
    expected.sum().backward()
    # The margin needs a difference of probabilities, which single precision rounds to 6e-8.
    absolute = 2e-6 if arguments.get("clip") else 1e-9
    torch.testing.assert_close(elements.double(), expected, rtol=2e-6, atol=absolute)
    torch.testing.assert_close(logits.grad.double(), exact.grad, rtol=2e-6, atol=absolute)


@pytest.mark.parametrize("detach_focus", [True, False])
@pytest.mark.parametrize(
    ("arguments", "infinite"),
    [
        *[(arguments, True) for arguments in ARGUMENTS],
        (dict(clip=1e-9), True),
        (dict(eps=0.0, clip=0.05), True),
        (dict(eps=0.0, gamma_neg=2), False),  # an unbounded cross-entropy, which is infinite
        (dict(eps=0.0), False),
    ],
    ids=str,
)
def test_extreme_logits_stay_finite(arguments, infinite, detach_focus):
    extremes = [-80.0, -18.5, 0.0, 18.5, 80.0] + [-math.inf, math.inf] * infinite
    logits = torch.tensor([extremes] * 3, requires_grad=True)
    labels = torch.tensor([[1], [0], [-1]]).expand_as(logits)
    elements = partial_asymmetric_loss(logits, labels, detach_focus=detach_focus, **arguments)
    assert elements.isfinite().all()
    assert (elements >= 0).all()
    elements.backward(torch.ones_like(elements))
    assert logits.grad.isfinite().all()


@pytest.mark.parametrize("clip", [0.0, 0.05])
def test_gradient_is_zero_below_eps(clip):
    logits = torch.tensor([[-18.0, -19.0]], requires_grad=True)
    elements = partial_asymmetric_loss(logits, torch.ones(1, 2), clip=clip)
    elements.sum().backward()
    torch.testing.assert_close(elements.detach(), torch.tensor([[18.0, -math.log(1e-8)]]))
    torch.testing.assert_close(logits.grad, torch.tensor([[-1.0, 0.0]]))


def test_loss_of_easy_negatives_is_zero_with_a_margin():
    logits = torch.tensor([[-4.0, -2.0]], requires_grad=True)  # p = .018 and .119
    elements = partial_asymmetric_loss(logits, torch.zeros(1, 2), clip=0.05)
    elements.sum().backward()
    assert elements[0, 0].item() == 0
    assert logits.grad[0, 0].item() == 0
    assert logits.grad[0, 1].item() > 0


@given(st.lists(st.tuples(st.floats(-15, 15), st.sampled_from([1, 0])), min_size=1))
def test_equals_binary_cross_entropy_without_focus(elements):
    logits, labels = (torch.tensor([column], dtype=torch.float64) for column in zip(*elements))
    torch.testing.assert_close(
        partial_asymmetric_loss(logits, labels), partial_binary_cross_entropy(logits, labels)
    )


@settings(deadline=None)
@given(st.floats(-15, 15), st.floats(-15, 15), st.sampled_from([1, 0, -1]), st.sampled_from(ARGUMENTS))
def test_loss_is_monotone_in_the_logit(first, second, label, arguments):
    low, high = sorted((first, second), reverse=label == 1)
    elements = partial_asymmetric_loss(
        torch.tensor([[low, high]], dtype=torch.float64), torch.full((1, 2), label), **arguments
    )
    assert elements[0, 0] <= elements[0, 1] + 1e-12


@pytest.mark.parametrize("function", [partial_asymmetric_loss, partial_asymmetric_loss.unvalidated])
@pytest.mark.parametrize("detach_focus", [True, False])
@pytest.mark.parametrize("arguments", [*ARGUMENTS, dict(eps=0.0)], ids=str)
def test_soft_label_mixes_positive_and_negative_of_loop(arguments, detach_focus, function):
    logits, labels = table()
    labels = labels.double()
    soft = torch.rand(labels.shape, generator=torch.Generator().manual_seed(1)) < 0.5
    labels[soft] = torch.rand(int(soft.sum()), generator=torch.Generator().manual_seed(2)).double()
    logits.requires_grad_()
    elements = function(logits, labels, detach_focus=detach_focus, **arguments)
    elements.sum().backward()

    def mixed(x, y, focus_at=None):
        options = dict(arguments, focus_at=focus_at)
        if y == -1:
            return by_hand(x, y, **options)
        return y * by_hand(x, 1, **options) + (1 - y) * by_hand(x, 0, **options)

    step = 1e-6
    for n in range(6):
        for c in range(9):
            x, y = logits[n, c].item(), labels[n, c].item()
            assert elements[n, c].item() == pytest.approx(mixed(x, y), rel=1e-10, abs=1e-12)
            focus_at = x if detach_focus else None
            rise = mixed(x + step, y, focus_at) - mixed(x - step, y, focus_at)
            assert logits.grad[n, c].item() == pytest.approx(rise / (2 * step), rel=1e-5, abs=1e-7)


def test_two_backward_passes_agree():
    logits, labels = table()
    loss = partial_asymmetric_loss(logits.requires_grad_(), labels, gamma_neg=4).sum()
    (first,) = torch.autograd.grad(loss, logits, retain_graph=True)
    (second,) = torch.autograd.grad(loss, logits)
    torch.testing.assert_close(first, second, rtol=0, atol=0)


def test_empty_batch():
    assert partial_asymmetric_loss(torch.zeros(0, 3), torch.zeros(0, 3), gamma_neg=2).shape == (0, 3)


@pytest.mark.parametrize("x", [5.0, 10.0, 15.0])
def test_gradient_with_a_margin_is_exact_for_confident_mistakes(x):
    """1 - p is inaccurate in single precision if p is near 1."""
    slopes = []
    for dtype in (torch.float32, torch.float64):
        logits = torch.tensor([[x]], dtype=dtype, requires_grad=True)
        loss = partial_asymmetric_loss(
            logits, torch.tensor([[0]]), gamma_neg=4, clip=0.05, detach_focus=False
        )
        loss.sum().backward()
        slopes.append(logits.grad.item())
    q = math.exp(-x) / (1 + math.exp(-x))  # probability of the negative label, before the margin
    excess = 1 / (1 + math.exp(-x)) - 0.05
    derivative_of_excess = q / (1 + math.exp(-x))
    by_hand = derivative_of_excess * (4 * excess**3 * -math.log(1 - excess) + excess**4 / (q + 0.05))
    assert slopes[1] == pytest.approx(by_hand, rel=1e-10)
    assert slopes[0] == pytest.approx(by_hand, rel=2e-6)
