"""Pseudo-labels against a loop."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmpretrain_imbalance.functional import pseudo_labels, ramp_up

ELEMENTS = st.lists(st.tuples(st.floats(0, 1, width=32), st.sampled_from([1.0, 0.0, -1.0, 0.5])), min_size=1)


@given(ELEMENTS, st.booleans(), st.booleans())
def test_equals_loop(elements, hard, per_class):
    probabilities, labels = torch.tensor(elements).T[:, None]
    expected = []
    for p, y in torch.tensor(elements).tolist():
        if y == -1 and (p > 0.75 or p < 0.25):
            y = p if not hard else float(p > 0.75)
        expected.append(y)
    thresholds = [torch.full((len(elements),), value) if per_class else value for value in (0.75, 0.25)]
    before = labels.clone()
    torch.testing.assert_close(
        pseudo_labels(probabilities, labels, *thresholds, hard), torch.tensor([expected])
    )
    torch.testing.assert_close(labels, before)


def test_each_class_has_its_own_threshold():
    filled = pseudo_labels(
        torch.tensor([[0.6, 0.6]]), torch.full((1, 2), -1), torch.tensor([0.5, 0.7]), torch.zeros(2)
    )
    assert filled.tolist() == [[1, -1]]


def test_no_gradient_flows_through_soft_pseudo_labels():
    probabilities = torch.tensor([[0.95]], requires_grad=True)
    assert not pseudo_labels(probabilities, torch.tensor([[-1.0]]), 0.9, 0.1, hard=False).requires_grad


@pytest.mark.parametrize(
    ("warmup", "ramp", "expected"),
    [
        (0, 0, [1, 1, 1, 1]),
        (2, 0, [0, 0, 1, 1]),
        (1, 2, [0, 0.5, 1, 1]),
        (0, 4, [0.25, 0.5, 0.75, 1]),
        (9, 1, [0] * 4),
    ],
)
def test_ramp(warmup, ramp, expected):
    assert [ramp_up(torch.tensor(epoch), warmup, ramp).item() for epoch in range(4)] == expected
