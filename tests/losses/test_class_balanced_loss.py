"""Class weights are applied to elements or to images."""

from __future__ import annotations

import pytest
import torch
from mmpretrain.registry import MODELS

from tests.losses.smallest_losses import PLAIN, build, random_batch

NAME = "ClassBalancedLoss"
INVERSE = dict(type=NAME, loss=PLAIN, scheme="inverse")
WEIGHT = 3 / torch.tensor([1.0, 2, 3]) / (1 + 1 / 2 + 1 / 3)  # counts 10, 20, 30


def test_by_class():
    logits, labels = random_batch()
    losses = build(INVERSE)(logits, labels, reduction_override="none")
    torch.testing.assert_close(losses, WEIGHT * build(PLAIN)(logits, labels, reduction_override="none"))


def test_of_single_labels_an_image_has_the_weight_of_its_class():
    logits, target = random_batch()[0], torch.tensor([0, 1, 2, 2, 1, 0])
    losses = build(dict(INVERSE, scope="image"))(logits, target, reduction_override="none")
    torch.testing.assert_close(
        losses, WEIGHT[target, None] * build(PLAIN)(logits, target, reduction_override="none")
    )


def test_of_several_labels_an_image_has_their_mean_weight():
    logits, labels = random_batch()
    losses = build(dict(INVERSE, scope="image"))(logits, labels, reduction_override="none")
    plain = build(PLAIN)(logits, labels, reduction_override="none")
    for n in range(6):
        weights = WEIGHT[labels[n] == 1]
        torch.testing.assert_close(losses[n], plain[n] * (weights.mean() if len(weights) else 1))


def test_around_margins_it_is_the_weighted_cross_entropy():
    logits, target = random_batch()[0], torch.tensor([0, 1, 2, 2, 1, 0])
    inner = dict(type="LDAMLoss", scale=2.0)
    loss = build(dict(INVERSE, loss=inner))(logits, target, reduction_override="none").sum(dim=1)
    shifted = 2 * (logits - torch.nn.functional.one_hot(target) * build(inner).margins())
    expected = torch.nn.functional.cross_entropy(shifted, target, weight=WEIGHT, reduction="none")
    torch.testing.assert_close(loss, expected)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(dict(scheme="x"), "'scheme' .* Got 'x'"), (dict(scope="x"), "'scope'"), (dict(beta=1), "'beta'")],
)
def test_invalid_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        MODELS.build(dict(INVERSE, **arguments))
