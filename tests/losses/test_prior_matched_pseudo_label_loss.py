"""Pseudo-labels whose fraction of positives matches the class prior."""

from __future__ import annotations

import pytest
import torch
from mmpretrain.registry import MODELS

from mmpretrain_imbalance.utils.class_values import write_named_values
from tests.losses.smallest_losses import PLAIN, clear_gathered

NAMES = ["bike", "cat", "dog"]
NUM_IMAGES = 400


def build(**arguments):
    loss = MODELS.build(dict(type="PriorMatchedPseudoLabelLoss", loss=PLAIN, **arguments)).train()
    loss.set_label_counts(torch.ones(3), torch.ones(3), NAMES)
    return loss


def random_batch():
    generator = torch.Generator().manual_seed(0)
    logits = 2 * torch.randn(NUM_IMAGES, 3, generator=generator) + torch.tensor([0.0, -3.0, -6.0])
    labels = torch.randint(-1, 2, (NUM_IMAGES, 3), generator=generator)
    return logits, labels.where(torch.rand(NUM_IMAGES, 3, generator=generator) < 0.5, -1)


def gather(loss, logits, labels, epoch=4):
    loss.set_progress(epoch, 20, 0)
    for x, y in zip(logits.split(90), labels.split(90)):
        loss(x.clone().requires_grad_(), y)
    loss.update_statistics()
    clear_gathered(loss)


def pseudo(loss, logits, labels):
    """Return the labels that the wrapped loss gets after the warm-up."""
    seen = []
    loss.set_progress(9, 20, 0)
    inner = loss.loss.elementwise_loss
    loss.loss.elementwise_loss = lambda x, y, context: (seen.append(y), inner(x, y, context))[1]
    loss(logits, labels)
    loss.loss.elementwise_loss = inner
    return seen[0]


@pytest.mark.parametrize("coverage", [1.0, 0.5])
def test_the_fraction_of_pseudo_positives_is_the_mean_probability(coverage):
    loss, (logits, labels) = build(coverage=coverage), random_batch()
    gather(loss, logits, labels)
    filled, unknown = pseudo(loss, logits, labels), labels == -1
    for c in range(3):
        rows = [n for n in range(NUM_IMAGES) if unknown[n, c]]
        mean = sum(torch.sigmoid(logits[n, c]).item() for n in rows) / len(rows)
        ranked = sorted(rows, key=lambda n: -logits[n, c].item())
        for label, fraction, order in ((1, mean, ranked), (0, 1 - mean, ranked[::-1])):
            number = coverage * fraction * len(rows)
            chosen = [n for n in rows if filled[n, c] == label]
            # Exact up to the number of elements in a bin, whose width is 0.1 in logits.
            assert abs(len(chosen) - number) <= 10
            assert set(chosen) == set(order[: len(chosen)])
    assert (filled == labels)[~unknown].all()
    assert (filled[unknown] == -1).float().mean() == pytest.approx(1 - coverage, abs=0.06)


def test_a_given_prior_counts_the_annotated_positives():
    logits, labels = random_batch()
    labels[:, 0] = torch.where(torch.arange(NUM_IMAGES) < 60, 1, -1)  # 60 positives of 400 are annotated
    loss = build(class_prior=[0.4, 1.0, 0.0], warmup_epochs=1)
    gather(loss, logits, labels)
    filled = pseudo(loss, logits, labels)
    assert (filled[:, 0] == 1).sum().item() == pytest.approx(0.4 * NUM_IMAGES, abs=8)
    unknown = labels == -1
    assert not (filled[:, 2] == 1)[unknown[:, 2]].any()
    assert (filled[:, 1] == 1)[unknown[:, 1]].all()


def test_prior_of_a_file_is_matched_by_name(tmp_path):
    write_named_values(tmp_path / "prior.json", NAMES[::-1], {"class_prior": [0.3, 0.2, 0.1]})
    torch.testing.assert_close(
        build(class_prior=tmp_path / "prior.json").class_prior, torch.tensor([0.1, 0.2, 0.3])
    )


def test_a_rare_class_gets_positives_that_a_fixed_threshold_never_gives():
    logits, labels = random_batch()
    loss = build()
    gather(loss, logits, labels)
    fixed = MODELS.build(dict(type="PseudoLabelLoss", loss=PLAIN)).train()
    assert (pseudo(fixed, logits, labels)[:, 2] == 1)[labels[:, 2] == -1].sum() == 0
    assert (pseudo(loss, logits, labels)[:, 2] == 1)[labels[:, 2] == -1].any()


def test_no_pseudo_label_before_there_are_statistics():
    logits, labels = random_batch()
    torch.testing.assert_close(pseudo(build(warmup_epochs=0), logits, labels), labels.to(torch.int8))


def test_statistics_of_the_warm_up_are_those_of_its_last_epoch():
    logits, labels = random_batch()
    early, late = build(), build()
    gather(early, logits, labels, epoch=3)
    assert not early.positive_thresholds.any()
    gather(late, logits, labels, epoch=4)
    assert late.positive_thresholds.all()
    assert (late.positive_thresholds >= late.negative_thresholds - 1e-6).all()
    assert set(late.class_state()) == {"positive_threshold", "negative_threshold"}


def test_the_averaged_model_is_required_and_used():
    logits, labels = random_batch()
    loss = build(predictions="averaged_model", warmup_epochs=0)
    with pytest.raises(
        RuntimeError, match=r"PriorMatchedPseudoLabelLoss\(predictions='averaged_model'\) has no"
    ):
        gather(loss, logits, labels)
    loss = build(predictions="averaged_model")
    loss.set_progress(4, 20, 0)
    loss.averaged_logits = -logits
    loss(torch.zeros_like(logits).requires_grad_(), labels)
    loss.update_statistics()
    own = build()
    own.set_progress(4, 20, 0)
    own(-logits.requires_grad_(), labels)
    own.update_statistics()
    torch.testing.assert_close(loss.positive_thresholds, own.positive_thresholds)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            dict(coverage=0),
            ValueError,
            "'coverage' argument of PriorMatchedPseudoLabelLoss must be in .0, 1.. Got 0",
        ),
        (
            dict(num_bins=1),
            ValueError,
            "'num_bins' argument of PriorMatchedPseudoLabelLoss must be an integer .* Got 1",
        ),
        (dict(limit=0), ValueError, "'limit' argument of PriorMatchedPseudoLabelLoss must be above 0. Got 0"),
        (dict(positive_threshold=0.9), TypeError, "no 'positive_threshold' argument"),
        (dict(predictions="teacher"), ValueError, "'predictions' argument of PriorMatchedPseudoLabelLoss"),
        (
            dict(class_prior=[0.1, 0.2]),
            ValueError,
            "one number for each of the 3 classes. Got the shape .2,.",
        ),
        (dict(class_prior=[0.1, 0.2, 1.5]), ValueError, "one probability for each of the 3 classes"),
        (dict(class_prior="nowhere.json"), FileNotFoundError, "must exist. Got .* instead"),
    ],
)
def test_invalid_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        build(**arguments)
