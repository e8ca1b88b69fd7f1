"""LDAM against the naive formula."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmpretrain_imbalance.functional.losses.ldam_loss import (
    label_distribution_margins,
    ldam_loss,
    sigmoid_ldam_loss,
)
from tests.functional.loop_oracle import KINDS, assert_finite_at_extremes, assert_same, tables

COUNTS = [1000, 300, 81, 16, 5, 1]
MARGINS = torch.tensor([0.5 * n**-0.25 for n in COUNTS], dtype=torch.float64)


def by_hand(logits, labels, scale):
    table = []
    for n in range(logits.shape[0]):
        row = []
        for c in range(6):
            own = torch.exp(scale * (logits[n, c] - MARGINS[c]))
            others = sum(torch.exp(scale * logits[n, j]) for j in range(6) if j != c and labels[n, j] != -1)
            row.append(-torch.log(own / (own + others)) if labels[n, c] == 1 else 0 * own)
        table.append(torch.stack(row))
    return torch.stack(table)


def of_row(row, labels, margins, scale):
    """Losses of one image in Python numbers, relative to the largest score, so that no number overflows."""
    losses = []
    for c, label in enumerate(labels):
        if label != 1:
            losses.append(0.0)
            continue
        own = scale * (row[c] - margins[c])
        others = [scale * row[j] for j in range(len(row)) if j != c and labels[j] != -1]
        largest = max([own, *others])
        total = sum(math.exp(score - largest) for score in [own, *others])
        losses.append(largest + math.log(total) - own)
    return losses


@pytest.mark.parametrize("kinds", KINDS, ids=str)
@pytest.mark.parametrize("scale", [1.0, 4.0])
def test_equals_loop(kinds, scale):
    logits, labels = tables(kinds)
    assert_same(
        lambda x, y: ldam_loss(x, y, MARGINS, scale),
        lambda x, y: by_hand(x, y, scale),
        (logits / scale).float().double(),
        labels,
        size=scale,
    )


@given(
    st.integers(1, 5).flatmap(
        lambda classes: st.lists(
            st.tuples(
                st.sampled_from([-80.0, -2.0, 0.0, 0.5, 2.0, 80.0]) | st.floats(-5, 5),  # ties are frequent
                st.sampled_from([1, 0, -1]),
                st.sampled_from([0.0, 0.25, 0.5]),
            ),
            min_size=classes,
            max_size=classes,
        )
    ),
    st.sampled_from([0.5, 1.0, 30.0, 1000.0]),
)
def test_rows_with_ties_and_large_scales_equal_loop(row, scale):
    logits, labels, margins = zip(*row)
    found = ldam_loss(
        torch.tensor([logits], dtype=torch.float64), torch.tensor([labels]), torch.tensor(margins), scale
    )
    expected = torch.tensor([of_row(logits, labels, margins, scale)], dtype=torch.float64)
    # Scores of the size scale * 80 limit the absolute accuracy of their sum.
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-11 * scale)


@pytest.mark.parametrize("scale", [1.0, 30.0])
@pytest.mark.parametrize(
    ("logits", "labels"),
    [
        ([0.3], [1]),
        ([0.3, -0.1, 0.2], [1, -1, -1]),  # all others are unknown
        ([0.3, 0.3, 0.3, -0.2], [1, 0, -1, 0]),  # ties of the largest
        ([0.3, 0.3, 0.3], [1, 1, 1]),
        ([0.9, 0.1, -0.3, 0.0], [0, 1, 0, -1]),
        ([0.1, 0.9, -0.3, 0.0], [1, 1, 0, 0]),
    ],
    ids=str,
)
def test_gradients_equal_finite_differences(logits, labels, scale):
    margins = MARGINS[: len(logits)]
    x = torch.tensor([logits], dtype=torch.float64, requires_grad=True)
    table = ldam_loss(x, torch.tensor([labels]), margins, scale)
    weight = torch.arange(1.0, len(logits) + 1, dtype=torch.float64)
    (slopes,) = torch.autograd.grad((table * weight).sum(), x)

    def weighed(row):
        return sum(w * loss for w, loss in zip(weight.tolist(), of_row(row, labels, margins.tolist(), scale)))

    step = 1e-6
    for c in range(len(logits)):
        up, down = ([x + sign * step * (j == c) for j, x in enumerate(logits)] for sign in (1, -1))
        slope = (weighed(up) - weighed(down)) / (2 * step)
        assert slopes[0, c].item() == pytest.approx(slope, rel=1e-6, abs=1e-7 * scale)


def test_loss_is_zero_if_all_other_classes_are_unknown():
    logits = torch.tensor([[2.0, 5.0, -1.0], [-3.0, 0.0, 0.0]], requires_grad=True)
    table = ldam_loss(logits, torch.tensor([[1, -1, -1], [1, -1, -1]]), MARGINS[:3])
    table.sum().backward()
    assert not table.any()
    assert not logits.grad.any()


@pytest.mark.parametrize("scale", [30.0, 1000.0])
def test_gradient_of_ties_is_distributed_evenly(scale):
    """Each of k equal largest scores without a margin has the probability 1 / k."""
    logits = torch.tensor([[0.7, 0.7, 0.7, -9.0]], dtype=torch.float64, requires_grad=True)
    table = ldam_loss(logits, torch.tensor([[1, 0, 0, 0]]), torch.zeros(4), scale)
    table.sum().backward()
    assert table[0, 0].item() == pytest.approx(math.log(3), rel=1e-12)
    expected = [scale * (1 / 3 - 1), scale / 3, scale / 3, 0]
    assert logits.grad[0].tolist() == pytest.approx(expected, rel=1e-11, abs=1e-12)


def test_equals_cross_entropy_of_shifted_logits_for_single_labels():
    logits, target = tables()[0].requires_grad_(), torch.tensor([0, 5, 2, 2, 3])
    onehot = torch.nn.functional.one_hot(target, 6)
    table = ldam_loss(logits, onehot, MARGINS, 30.0)
    expected = torch.nn.functional.cross_entropy(30 * (logits - onehot * MARGINS), target, reduction="none")
    torch.testing.assert_close(table.sum(dim=1), expected)
    torch.testing.assert_close(*(torch.autograd.grad(x.sum(), logits)[0] for x in (table, expected)))


def test_mixed_labels_mix_the_losses():
    logits = tables()[0][:1]
    soft = torch.tensor([[0.3, 0, 0, 0.7, 0, 0]])
    one, other = (torch.nn.functional.one_hot(torch.tensor([c]), 6) for c in (0, 3))
    expected = 0.3 * ldam_loss(logits, one, MARGINS) + 0.7 * ldam_loss(logits, other, MARGINS)
    torch.testing.assert_close(ldam_loss(logits, soft, MARGINS), expected)


@pytest.mark.parametrize("kinds", KINDS, ids=str)
@pytest.mark.parametrize("scale", [1.0, 4.0])
def test_sigmoid_form_equals_loop(kinds, scale):
    def by_hand(logits, labels):
        table = []
        for n in range(logits.shape[0]):
            row = []
            for c in range(6):
                positive = -torch.log(1 / (1 + torch.exp(-scale * (logits[n, c] - MARGINS[c]))))
                negative = -torch.log(1 / (1 + torch.exp(scale * logits[n, c])))
                row.append({1: positive, 0: negative, -1: 0 * logits[n, c]}[int(labels[n, c])])
            table.append(torch.stack(row))
        return torch.stack(table)

    logits, labels = tables(kinds)
    assert_same(lambda x, y: sigmoid_ldam_loss(x, y, MARGINS, scale), by_hand, logits / scale, labels)


def test_sigmoid_form_equals_binary_cross_entropy_of_shifted_logits():
    logits, labels = tables()[0].requires_grad_(), (tables()[1] == 1).long()
    table = sigmoid_ldam_loss(logits, labels, MARGINS, 2.0)
    expected = torch.nn.functional.binary_cross_entropy_with_logits(
        2 * (logits - labels * MARGINS), labels.double(), reduction="none"
    )
    torch.testing.assert_close(table, expected)
    torch.testing.assert_close(*(torch.autograd.grad(x.sum(), logits)[0] for x in (table, expected)))
    assert_finite_at_extremes(lambda x, y: sigmoid_ldam_loss(x, y, MARGINS[:4]))


def test_margins():
    expected = torch.tensor([0.5 * n**-0.25 for n in COUNTS])
    torch.testing.assert_close(label_distribution_margins(torch.tensor(COUNTS)), expected)
    torch.testing.assert_close(
        label_distribution_margins(torch.tensor([32, 2, 0])), torch.tensor([0.25, 0.5, 0.5])
    )
    torch.testing.assert_close(label_distribution_margins(torch.zeros(2)), torch.tensor([0.5, 0.5]))


def test_extremes():
    assert_finite_at_extremes(lambda x, y: ldam_loss(x, y, MARGINS[:4]))
