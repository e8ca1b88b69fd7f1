"""Registered PLM: around any loss, with random masks that a resumed run repeats."""

from __future__ import annotations

import math

import pytest
import torch
from mmpretrain.registry import MODELS

from mmpretrain_imbalance.functional import probability_histograms, update_ideal_ratio
from mmpretrain_imbalance.losses.base import loss_state
from mmpretrain_imbalance.testing import check_loss
from tests.losses.smallest_losses import PLAIN, build, prepare, random_batch

NAME = "PartialLabelMaskingLoss"
MMPRETRAIN_LOSSES = [
    dict(type="CrossEntropyLoss", use_sigmoid=True),
    dict(type="AsymmetricLoss"),
    dict(type="FocalLoss"),
]


@pytest.mark.parametrize("wrapped", MMPRETRAIN_LOSSES, ids=lambda wrapped: wrapped["type"])
def test_around_losses_of_mmpretrain(wrapped):
    """Without masks, known elements have the loss of MMPretrain, and unknown elements have none."""
    logits, labels = random_batch(5, 4)
    loss = build(dict(type=NAME, loss=wrapped, initial_ideal_ratio="class"), 4)
    losses = loss(logits, labels, reduction_override="none")
    (gradient,) = torch.autograd.grad(losses.sum(), logits)
    known = labels != -1
    expected = MODELS.build(wrapped)(logits, labels.clamp(min=0), reduction_override="none")
    (expected_gradient,) = torch.autograd.grad(expected.sum(), logits)
    torch.testing.assert_close(losses, expected * known)
    torch.testing.assert_close(gradient, expected_gradient * known)


def masks(loss, iteration=None, size=200):
    if iteration is not None:
        prepare(loss, iteration=iteration)
    return loss(torch.zeros(size, 3), torch.ones(size, 3), reduction_override="none") > 0


def test_masks_depend_on_seed_rank_and_iteration_only(monkeypatch):
    loss = build(dict(type=NAME, loss=PLAIN))
    first = masks(loss, iteration=5)
    torch.manual_seed(123)
    torch.rand(7)
    assert torch.equal(masks(build(dict(type=NAME, loss=PLAIN)), iteration=5), first)
    assert not torch.equal(masks(loss, iteration=6), first)
    assert not torch.equal(masks(build(dict(type=NAME, loss=PLAIN, seed=1)), iteration=5), first)
    monkeypatch.setattr(loss_state, "get_rank", lambda: 1)
    assert not torch.equal(masks(loss, iteration=5), first)


def test_calls_within_an_iteration_differ_from_each_other_and_from_the_next():
    loss = build(dict(type=NAME, loss=PLAIN))
    first, second = masks(loss, iteration=5), masks(loss)
    following = masks(loss, iteration=6)
    assert not torch.equal(first, second)
    assert not torch.equal(second, following)


def test_losses_of_different_classes_use_different_random_numbers():
    masking = build(dict(type=NAME, loss=dict(type="LabelSpaceReductionLoss", loss=PLAIN)))
    first, second = (loss.random_table(50, 40) for loss in (masking, masking.loss))
    assert torch.isin(first, second).float().mean() < 0.01
    assert torch.equal(first, build(dict(type=NAME, loss=PLAIN)).random_table(50, 40))


def test_masks_nothing_in_validation():
    loss = build(dict(type=NAME, loss=PLAIN)).eval()
    assert masks(loss).all()


def test_statistics_are_gathered_in_training_steps_only():
    logits, labels = random_batch(20)
    loss = build(dict(type=NAME, loss=PLAIN))
    with torch.no_grad():
        loss(logits, labels)
    loss.eval()(logits, labels)
    assert loss.histograms.sum() == 0
    loss.train()
    loss(logits, labels)
    loss(logits, labels)
    torch.testing.assert_close(loss.histograms, 2 * probability_histograms(logits, labels, 10))
    before = loss.ideal_positive_ratio.clone()
    loss.update_statistics()
    torch.testing.assert_close(loss.ideal_positive_ratio, update_ideal_ratio(before, loss.histograms, 0.1))


def test_two_halves_gather_the_statistics_of_the_whole():
    logits, labels = random_batch(20)
    whole, halves = (build(dict(type=NAME, loss=PLAIN)) for _ in range(2))
    whole(logits, labels)
    halves(logits[:7], labels[:7])
    halves(logits[7:], labels[7:])
    torch.testing.assert_close(halves.histograms, whole.histograms)


def test_initial_ideal_ratios():
    counts = torch.tensor([10, 20, 0]), torch.tensor([90, 80, 100])
    for start, expected in (
        ("uniform", [30 / 270] * 3),
        ("class", [10 / 90, 20 / 80, 1e-6]),
        ([0.5, 1, 2], [0.5, 1, 2]),
    ):
        loss = MODELS.build(dict(type=NAME, loss=PLAIN, initial_ideal_ratio=start))
        loss.set_label_counts(*counts)
        torch.testing.assert_close(loss.ideal_positive_ratio, torch.tensor(expected))
        torch.testing.assert_close(loss.positive_ratio, torch.tensor([10 / 90, 20 / 80, 0]))


def test_a_class_without_known_labels_starts_at_the_uniform_ratio():
    loss = build(dict(type="PartialLabelMaskingLoss", loss=PLAIN, initial_ideal_ratio="class"))
    loss.set_label_counts(torch.tensor([6, 0]), torch.tensor([3, 0]))
    assert loss.ideal_positive_ratio.tolist() == [2.0, 2.0]
    assert loss.positive_ratio.isnan().tolist() == [False, True]


def test_kept_per_class_equals_the_loop():
    logits, labels = random_batch(50)
    loss = build(dict(type=NAME, loss=PLAIN, reduction="kept_per_class"))
    prepare(loss, iteration=3)
    losses = loss(logits, labels, reduction_override="none")
    prepare(loss, iteration=3)
    expected = 0.0
    for c in range(3):
        kept = int((losses[:, c] > 0).sum())
        expected += min(50 / kept, 10) * losses[:, c].sum().item() / 50
    assert loss(logits, labels).item() == pytest.approx(expected, rel=1e-5)


EXPECTED = dict(type=NAME, loss=PLAIN, stochastic=False)


def expected_by_hand(logits, labels, loss):
    """Compute loss and weight of each element: cross-entropy, and the probability that PLM keeps it."""
    losses, weights = torch.zeros_like(labels), torch.zeros_like(labels)
    for n, c in torch.ones_like(labels).nonzero().tolist():
        y, x = labels[n, c].item(), logits[n, c].item()
        r, ideal = loss.positive_ratio[c].item(), loss.ideal_positive_ratio[c].item()
        if y != -1:
            losses[n, c] = math.log(1 + math.exp(-x if y == 1 else x))
        weights[n, c] = {1: min(ideal / r, 1), 0: min(r / ideal, 1), -1: 1}[y]
    return losses, weights


def test_the_expectation_equals_the_loop():
    logits, labels = random_batch(40)
    loss = build(EXPECTED)
    losses, weights = expected_by_hand(logits, labels, loss)
    assert (weights < 1).any()
    torch.testing.assert_close(loss(logits, labels, reduction_override="none"), losses * weights)
    # The default of the wrapped loss ignores unknown elements, so their weight is 0 in the reductions.
    weights[labels == -1] = 0
    mean_kept = build(dict(EXPECTED, reduction="mean_kept"))(logits, labels)
    assert mean_kept.item() == pytest.approx((losses * weights).sum().item() / weights.sum().item(), rel=1e-5)
    per_class = sum(
        min(40 / max(weights[:, c].sum().item(), 1), 10) * (losses * weights)[:, c].sum().item() / 40
        for c in range(3)
    )
    kept_per_class = build(dict(EXPECTED, reduction="kept_per_class"))(logits, labels)
    assert kept_per_class.item() == pytest.approx(per_class, rel=1e-5)


def test_the_expectation_is_the_mean_of_the_drawn_losses():
    """The tolerance is five standard deviations of the mean of 1,000 draws."""
    logits, labels = random_batch(40)
    drawing = build(dict(type=NAME, loss=PLAIN, reduction="sum"))
    with torch.no_grad():
        drawn = torch.stack([drawing(logits, labels) for _ in range(1000)]).double()
    expected = build(dict(EXPECTED, reduction="sum"))(logits, labels).item()
    assert drawn.std() > 0.01 * expected
    assert drawn.mean().item() == pytest.approx(expected, abs=5 * drawn.std().item() / 1000**0.5)


def test_the_expectation_draws_no_random_numbers_and_masks_nothing_in_validation(monkeypatch):
    logits, labels = random_batch(40)
    loss = build(EXPECTED)
    monkeypatch.setattr(loss, "random_table", None)
    prepare(loss, iteration=5)
    first = loss(logits, labels)
    prepare(loss, iteration=6)
    assert torch.equal(loss(logits, labels), first)
    torch.testing.assert_close(loss.eval()(logits, labels), build(PLAIN)(logits, labels))


def test_the_expectation_updates_the_ideal_ratio_as_the_masks_do():
    logits, labels = random_batch(40)
    losses = build(EXPECTED), build(dict(type=NAME, loss=PLAIN))
    for loss in losses:
        loss(logits, labels)
        loss.update_statistics()
    torch.testing.assert_close(losses[0].ideal_positive_ratio, losses[1].ideal_positive_ratio)


def test_the_expectation_obeys_the_laws():
    check_loss(dict(EXPECTED, reduction="kept_per_class"))


def test_annotations_without_positives_or_negatives_raise():
    loss = MODELS.build(dict(type=NAME, loss=PLAIN))
    with pytest.raises(
        ValueError, match=r"the training set has no known negatives. .*default_label='negative'"
    ):
        loss.set_label_counts(torch.ones(3), torch.zeros(3))
    with pytest.raises(ValueError, match=r"no known positives"):
        loss.set_label_counts(torch.zeros(3), torch.ones(3))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            dict(divergence="js"),
            "'divergence' argument of PartialLabelMaskingLoss must be one of .* Got 'js'",
        ),
        (
            dict(initial_ideal_ratio="mean"),
            "'initial_ideal_ratio' argument of .* must be 'uniform', 'class' or a list",
        ),
        (dict(num_bins=1), "'num_bins' argument of .* must be an integer of at least 2. Got 1"),
        (dict(rate=-1), "'rate' argument of .* must be at least 0. Got -1"),
    ],
)
def test_invalid_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        MODELS.build(dict(type=NAME, loss=PLAIN, **arguments))


@pytest.mark.parametrize("ratios", [[1, 2], [1, 0, 1]])
def test_invalid_lists_of_ratios(ratios):
    with pytest.raises(ValueError, match=r"must be one positive number for each of the 3 classes"):
        build(dict(type=NAME, loss=PLAIN, initial_ideal_ratio=ratios))
