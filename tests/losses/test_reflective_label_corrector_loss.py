"""Registered label corrector: first epoch, published scale, and corrected counts."""

from __future__ import annotations

import math

import pytest
import torch
from mmpretrain.registry import MODELS

from mmpretrain_imbalance.functional.losses.reflective_label_corrector_loss import (
    reflected_elements,
    reflective_label_corrector_loss,
)
from tests.losses.smallest_losses import build, clear_gathered, elements_of, random_batch

CONFIG = dict(type="ReflectiveLabelCorrectorLoss", threshold=0.55)
COUNTS = torch.tensor([10.0, 20.0, 30.0])  # label counts of build()


def weights(counts):
    return torch.tensor([(1 - math.log(n / max(counts))) ** (1 / 6) for n in counts])


def expected_table(logits, labels, corrected, counts=(10, 20, 30)):
    return reflective_label_corrector_loss(logits, labels, corrected, weights(counts))


def test_published_is_the_sum_times_images_over_positives():
    logits, labels = random_batch(40)
    corrected = reflected_elements(logits, labels, 0.55)
    losses = expected_table(logits, labels, corrected)
    positives = sum(labels[n, c] == 1 or corrected[n, c] for n in range(40) for c in range(3)).item()
    assert positives > (labels == 1).sum()
    loss = build(dict(CONFIG, reduction="sum"))
    torch.testing.assert_close(loss(logits, labels), losses.sum() * 40 / positives)
    torch.testing.assert_close(build(CONFIG)(logits, labels), losses.sum() / positives)
    plain = build(dict(CONFIG, reduction="sum", per_positive=False))
    torch.testing.assert_close(plain(logits, labels), losses.sum())
    assert torch.equal(
        elements_of(loss, logits, labels).labels, labels.masked_fill(corrected, 1).to(torch.int8)
    )


def test_a_soft_positive_is_part_of_a_positive():
    logits = torch.zeros(2, 3)
    labels = torch.tensor([[0.5, 1.0, 0.0], [-1.0, 0.0, 0.25]])
    scaled, plain = (
        build(dict(CONFIG, per_positive=per_positive))(logits, labels, reduction_override="sum")
        for per_positive in (True, False)
    )
    torch.testing.assert_close(scaled, plain * 2 / 1.75)


@pytest.mark.parametrize(("epoch", "first", "corrects"), [(0, 0, True), (1, 2, False), (2, 2, True)])
def test_corrects_from_the_epoch_on(epoch, first, corrects):
    logits, labels = random_batch(40)
    loss = build(dict(CONFIG, correction_epoch=first, per_positive=False), epoch=epoch)
    chosen = reflected_elements(logits, labels, 0.55) & corrects
    torch.testing.assert_close(loss(logits, labels), expected_table(logits, labels, chosen).sum() / 40)
    assert ("progress" in loss.traits.needs) == (first > 0)
    nothing = expected_table(logits, labels, torch.zeros(40, 3, dtype=torch.bool)).sum() / 40
    torch.testing.assert_close(loss.eval()(logits, labels), nothing)


def test_corrections_of_an_epoch_count_in_the_next():
    loss, expected = build(dict(CONFIG, per_positive=False)), [10, 20, 30]
    for epoch in range(3):
        corrections = [0, 0, 0]
        for step in range(2):
            logits, labels = random_batch(40, seed=10 * epoch + step)
            chosen = reflected_elements(logits, labels, 0.55)
            found = loss(logits, labels, reduction_override="none")
            torch.testing.assert_close(found, expected_table(logits, labels, chosen, expected))
            corrections = [corrections[c] + int(chosen[:, c].sum()) for c in range(3)]
        with torch.no_grad():
            loss(logits, labels)  # not a training step
        loss.update_statistics()
        clear_gathered(loss)
        expected = [count + more for count, more in zip((10, 20, 30), corrections)]  # only of this epoch
        assert loss.class_counts.tolist() == expected
        assert min(corrections) > 0


@pytest.mark.parametrize(
    ("arguments", "open_to_correction"),
    [
        (dict(), (0, -1)),
        (dict(correct_negatives=False), (-1,)),
        (dict(unknown="ignore"), (0,)),
        (dict(unknown="ignore", correct_negatives=False), ()),
    ],
    ids=str,
)
def test_which_labels_are_corrected(arguments, open_to_correction):
    logits, labels = random_batch(40)
    elements = elements_of(build(dict(CONFIG, **arguments)), logits, labels)
    changed = elements.labels != labels
    assert sorted(labels[changed].unique().tolist()) == sorted(open_to_correction)
    if arguments.get("unknown") == "ignore":
        assert torch.equal(elements.weight, labels != -1)
        assert not elements.weighed()[labels == -1].any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            dict(threshold=2),
            "'threshold' argument of ReflectiveLabelCorrectorLoss must be a number from 0 to 1",
        ),
        (dict(correction_epoch=-1), "'correction_epoch'"),
        (dict(gamma_neg=-1), "'gamma_neg'"),
    ],
)
def test_invalid_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        MODELS.build(dict(CONFIG, **arguments))
