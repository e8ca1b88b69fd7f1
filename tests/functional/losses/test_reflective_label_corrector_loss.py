"""The reflective label corrector against a transcript of the authors' step."""

from __future__ import annotations

import pytest
import torch

from mmpretrain_imbalance.functional.losses.reflective_label_corrector_loss import (
    reflected_elements,
    reflective_label_corrector_loss,
)
from tests.functional.loop_oracle import KINDS, assert_finite_at_extremes, assert_same, tables

WEIGHT = torch.tensor([1.0, 1.25, 1.5, 1.125, 1.0, 2.0], dtype=torch.float64)


def corrected_by_hand(logits, labels, threshold=0.7, margin=1.0, correct_negatives=True):
    num_images, num_classes = logits.shape
    p = [
        [
            1 / (1 + torch.exp(-(logits[n, c] - (margin if labels[n, c] == 1 else 0))).item())
            for c in range(num_classes)
        ]
        for n in range(num_images)
    ]
    means = [sum(row[c] for row in p) / num_images for c in range(num_classes)]
    return [
        [
            p[n][c] > threshold
            and p[n][c] > means[c]
            and (labels[n, c] == -1 or (labels[n, c] == 0 and correct_negatives))
            for c in range(num_classes)
        ]
        for n in range(num_images)
    ]


def table_by_hand(logits, labels, threshold=0.7, margin=1.0, gamma_neg=3.0, clip=0.05):
    corrected = corrected_by_hand(logits.detach(), labels, threshold, margin)
    rows = []
    for n, row in enumerate(logits):
        elements = []
        for c, x in enumerate(row):
            z = x - margin if labels[n, c] == 1 else x
            p = 1 / (1 + torch.exp(-z))
            if labels[n, c] == 1 or corrected[n][c]:
                elements.append(-WEIGHT[c] * torch.log(p.clamp(min=1e-8)))
            else:
                q = (1 - p + clip).clamp(max=1)
                focus = ((1 - q) ** (gamma_neg + WEIGHT[c])).detach()
                elements.append(-WEIGHT[c] * focus * torch.log(q.clamp(min=1e-8)))
        rows.append(torch.stack(elements))
    return torch.stack(rows)


def ours(logits, labels, threshold=0.7, margin=1.0, **arguments):
    corrected = reflected_elements(logits, labels, threshold, margin)
    return reflective_label_corrector_loss(
        logits, labels, corrected, WEIGHT.to(logits.dtype), margin, **arguments
    )


@pytest.mark.parametrize("kinds", KINDS, ids=str)
def test_equals_loop(kinds):
    logits, labels = tables(kinds)
    assert_same(ours, table_by_hand, logits / 2, labels)


@pytest.mark.parametrize(
    "arguments", [dict(threshold=0.9), dict(margin=0.0, gamma_neg=1.0), dict(clip=0.2)], ids=str
)
def test_arguments(arguments):
    logits, labels = tables()
    assert_same(
        lambda x, y: ours(x, y, **arguments),
        lambda x, y: table_by_hand(x, y, **arguments),
        logits / 2,
        labels,
    )


@pytest.mark.parametrize("correct_negatives", [True, False])
def test_corrected_elements(correct_negatives):
    logits, labels = tables(shape=(30, 6), seed=4)
    logits[:, 0] += 4  # a class whose mean is above the threshold
    found = reflected_elements(logits, labels, correct_negatives=correct_negatives)
    assert found.tolist() == corrected_by_hand(logits, labels, correct_negatives=correct_negatives)
    assert found.any()
    # Both thresholds exclude elements.
    p = torch.sigmoid(logits)
    assert ((p > 0.7) & ~found & (labels == -1)).any()
    assert ((p > p.mean(dim=0)) & ~found & (labels == -1)).any()


def test_the_margin_of_positives_lowers_the_mean_of_their_class():
    logits = torch.tensor([[1.5], [1.5], [1.5]], dtype=torch.float64)
    labels = torch.tensor([[1], [0], [0]])
    assert reflected_elements(logits, labels).flatten().tolist() == [False, True, True]
    assert not reflected_elements(logits, labels, margin=0.0).any()


def test_extremes():
    def function(logits, labels):
        corrected = reflected_elements(logits, labels)
        return reflective_label_corrector_loss(logits, labels, corrected, torch.tensor([1.0, 1.3, 1.1, 1.0]))

    assert_finite_at_extremes(function)
