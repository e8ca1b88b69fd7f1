"""Registered pairwise ranking loss: published scale, masks, and thousands of classes."""

from __future__ import annotations

import torch
from mmpretrain.registry import MODELS

from tests.losses.smallest_losses import build, elements_of, random_batch

CONFIG = dict(type="PairwiseRankingLoss")


def test_published_is_the_mean_over_all_elements():
    logits, labels = random_batch()
    p = torch.sigmoid(logits)
    total = sum(
        1 - p[n, i] + p[n, j]
        for n in range(6)
        for i in range(3)
        for j in range(3)
        if labels[n, i] == 1 and labels[n, j] != 1
    )
    loss = build(dict(CONFIG, reduction="mean"))(logits, labels)
    torch.testing.assert_close(loss, total / 18)
    torch.testing.assert_close(*(torch.autograd.grad(value, logits)[0] for value in (loss, total / 18)))
    torch.testing.assert_close(build(CONFIG)(logits, labels), total / 6)
    assert elements_of(build(CONFIG), logits, labels).weight.all()


def test_a_masked_element_has_no_gradient():
    logits, labels = random_batch(32)
    plm = build(dict(type="PartialLabelMaskingLoss", loss=CONFIG))
    elements = elements_of(plm, logits, labels)
    elements.weighed().sum().backward()
    masked = ~elements.weight.bool()
    assert masked.any()
    assert not logits.grad[masked].any()
    assert logits.grad[~masked].any()


def test_open_images_needs_no_matrix_of_pairs():
    """64 images x 9,605 x 9,605 pairs would take 24 GB."""
    logits = torch.zeros(64, 9605, requires_grad=True)
    labels = torch.full((64, 9605), -1, dtype=torch.int8)
    labels[:, :3] = 1
    loss = MODELS.build(dict(CONFIG, reduction="sum"))(logits, labels)
    loss.backward()
    assert loss.item() == 64 * 3 * 9602
    torch.testing.assert_close(logits.grad[0, [0, 9604]], torch.tensor([-9602 / 4, 3 / 4]))
