"""Fractions of left-out and pseudo-labeled elements of every loss, against plain loops."""

from __future__ import annotations

import pytest
import torch
from mmpretrain.registry import MODELS

from mmpretrain_imbalance.functional import LossContext
from mmpretrain_imbalance.losses import ElementwiseLoss
from mmpretrain_imbalance.losses.base.element_counter import ElementCounter
from tests.losses.smallest_losses import (
    PLAIN,
    SMALLEST,
    WRAPPERS,
    build,
    clear_gathered,
    elements_of,
    prepare,
    random_batch,
)

#: More arguments that change the treatment of elements.
MORE = {
    "HillLoss, ignore": dict(type="HillLoss", unknown="ignore"),
    "SelfPacedCorrectionLoss, ignore": dict(type="SelfPacedCorrectionLoss", unknown="ignore"),
    "LargeLoss, temporary": dict(type="LargeLoss", scheme="temporary"),
    "PartialAsymmetricLoss, negative": dict(PLAIN, unknown="negative"),
    "PartialAsymmetricLoss, ignore_normalized": dict(PLAIN, unknown="ignore_normalized"),
    "ClassAwareSelectiveLoss, prior": dict(
        type="ClassAwareSelectiveLoss", class_prior=[0.5, 0.0, 0.5], prior_threshold=0.1
    ),
    "a loss of MMPretrain": dict(type="ClassPriorTrackingLoss", loss=dict(type="FocalLoss")),
    "masking around all": dict(
        type="PartialLabelMaskingLoss", loss=dict(type="PseudoLabelLoss", loss=PLAIN, warmup_epochs=0)
    ),
}
LOSSES = SMALLEST | MORE
LEFT_OUT = ("ignored_fraction", "masked_fraction")
PSEUDO = ("pseudo_positive_fraction", "pseudo_negative_fraction")


def fractions_of(loss: ElementwiseLoss) -> dict[str, list[float]]:
    """Return the fractions of the outermost loss; wrapped losses do not count."""
    return {name: values.tolist() for name, values in loss.element_counter.values().items()}


def step(loss: ElementwiseLoss, num_images: int = 40, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    logits, labels = random_batch(num_images, seed=seed)
    loss(logits, labels, context=LossContext(sample_ids=torch.arange(num_images)))
    return logits.detach(), labels


@pytest.mark.parametrize("name", LOSSES)
def test_left_out_fractions_by_a_plain_loop(name) -> None:
    loss = build(LOSSES[name])
    logits, labels = step(loss)
    fractions = fractions_of(loss)
    prepare(loss)  # the same iteration has the same random numbers
    with torch.no_grad():
        weight = elements_of(loss, logits, labels).weight
        prepare(loss)
        losses = loss(logits, labels, reduction_override="none")
    assert (losses[weight == 0] == 0).all()
    for kind, unknown in zip(LEFT_OUT, (True, False)):
        count = [0] * 3
        for n in range(40):
            for c in range(3):
                count[c] += bool(weight[n, c] == 0) and (labels[n, c].item() == -1) == unknown
        expected = [number / 40 for number in count]
        assert fractions.get(kind, [0, 0, 0]) == pytest.approx(expected)


@pytest.mark.parametrize("name", LOSSES)
def test_the_kinds_match_the_traits_and_outputs(name) -> None:
    loss = build(LOSSES[name])
    logits, labels = step(loss)
    with torch.no_grad():
        elements = loss.elements(logits, labels.to(torch.int8), LossContext(sample_ids=torch.arange(40)))
    left_out = LEFT_OUT if loss.traits.masks_known else LEFT_OUT[:1]
    expected = (
        *(left_out if elements.weight is not None else ()),
        *(PSEUDO if elements.labels is not None else ()),
    )
    assert tuple(fractions_of(loss)) == expected


@pytest.mark.parametrize("name", [*WRAPPERS, "masking around all", "a loss of MMPretrain"])
def test_a_wrapped_loss_counts_nothing(name) -> None:
    loss = build(LOSSES[name])
    step(loss)
    assert loss.element_counter.num_images == 40
    for wrapped in elementwise_losses(loss.loss):
        assert not any(buffer.any() for buffer in wrapped.element_counter.buffers())
        assert wrapped.element_counter.values() == {}


@pytest.mark.parametrize("name", LOSSES)
def test_only_training_steps_count(name) -> None:
    loss = build(LOSSES[name])
    logits, labels = random_batch(10)
    with torch.no_grad():
        loss(logits, labels, context=LossContext(sample_ids=torch.arange(10)))
    loss.eval()(logits, labels)
    assert not any(module.element_counter.values() for module in elementwise_losses(loss))


@pytest.mark.parametrize("name", LOSSES)
def test_steps_and_ranks_add_up(name) -> None:
    """The sum over two ranks with one step of different size each equals both steps on one rank."""

    def gathered(steps: list[tuple[int, int]]) -> list[torch.Tensor]:
        loss = build(LOSSES[name])
        for iteration, (num_images, seed) in steps:
            prepare(loss, iteration=iteration)
            step(loss, num_images, seed)
        return [buffer for module in elementwise_losses(loss) for buffer in module.element_counter.buffers()]

    first, second = (0, (30, 1)), (1, (17, 2))
    ranks = [a + b for a, b in zip(gathered([first]), gathered([second]))]
    torch.testing.assert_close(ranks, gathered([first, second]), rtol=0, atol=0)
    assert all(buffer.dtype == torch.int64 for buffer in ranks)


def elementwise_losses(loss: ElementwiseLoss) -> list[ElementwiseLoss]:
    """Return all losses of a composition."""
    return [module for module in loss.modules() if isinstance(module, ElementwiseLoss)]


def test_the_fractions_of_all_kinds_sum_to_one() -> None:
    loss = build(MORE["masking around all"])
    _, labels = step(loss, 200)
    fractions = fractions_of(loss)
    assert set(fractions) == {*LEFT_OUT, *PSEUDO}
    assert min(sum(values) for values in fractions.values()) > 0  # every kind occurs
    fractions["known_fraction"] = loss.class_state()["known_fraction"].tolist()
    assert fractions["known_fraction"] == pytest.approx((labels != -1).float().mean(dim=0).tolist())
    parts = ("known_fraction", "ignored_fraction", "pseudo_positive_fraction", "pseudo_negative_fraction")
    assert [sum(fractions[part][c] for part in parts) for c in range(3)] == pytest.approx([1, 1, 1])


@pytest.mark.parametrize("hard", [True, False])
def test_pseudo_labels_by_a_plain_loop(hard) -> None:
    thresholds = dict(positive_threshold=0.4, negative_threshold=0.3)  # soft positives may be below one half
    loss = build(dict(type="PseudoLabelLoss", loss=PLAIN, warmup_epochs=0, hard=hard, **thresholds))
    logits, labels = step(loss)
    positive, negative, ignored = [0] * 3, [0] * 3, [0] * 3
    nearer_to_negative = 0
    for image in range(40):
        for c in range(3):
            if labels[image, c] != -1:
                continue
            probability = torch.sigmoid(logits[image, c]).item()
            if 0.3 <= probability <= 0.4:
                ignored[c] += 1
            elif probability > (0.4 if hard else 0.5):
                positive[c] += 1
            else:
                negative[c] += 1
            nearer_to_negative += 0.4 < probability < 0.5
    assert nearer_to_negative > 0  # hard and soft labels count these elements differently
    assert sum(ignored) > 0
    fractions = fractions_of(loss)
    assert fractions["pseudo_positive_fraction"] == pytest.approx([count / 40 for count in positive])
    assert fractions["pseudo_negative_fraction"] == pytest.approx([count / 40 for count in negative])
    assert fractions["ignored_fraction"] == pytest.approx([count / 40 for count in ignored])
    assert "masked_fraction" not in fractions


def test_wrappers_pass_on_the_labels_of_the_wrapped_loss() -> None:
    pseudo = dict(type="PseudoLabelLoss", loss=PLAIN, warmup_epochs=0)
    outer = dict(
        type="ClassPriorTrackingLoss",
        loss=dict(
            type="StatisticsBalancedLoss",
            loss=dict(type="ClassBalancedLoss", loss=dict(type="PartialLabelMaskingLoss", loss=pseudo)),
        ),
    )
    alone, composed = build(pseudo), build(outer)
    for loss in (alone, composed):
        step(loss)
    for kind in (*PSEUDO, "ignored_fraction"):
        assert sum(fractions_of(alone)[kind]) > 0
        assert fractions_of(composed)[kind] == fractions_of(alone)[kind]


def test_pseudo_labels_and_corrections_by_a_plain_loop() -> None:
    """The wrapper makes pseudo-negatives below 0.1, and the wrapped loss corrects negatives above 0.6."""
    wrapped = dict(type="SelfPacedCorrectionLoss", unknown="ignore")
    loss = build(dict(type="PseudoLabelLoss", loss=wrapped, warmup_epochs=0, positive_threshold=1.0))
    logits, labels = step(loss)
    positive, negative = [0] * 3, [0] * 3
    for image in range(40):
        for c in range(3):
            probability = torch.sigmoid(logits[image, c]).item()
            positive[c] += labels[image, c].item() == 0 and probability > 0.6
            negative[c] += labels[image, c].item() == -1 and probability < 0.1
    assert sum(positive) > 0 < sum(negative)
    assert fractions_of(loss)["pseudo_positive_fraction"] == pytest.approx([count / 40 for count in positive])
    assert fractions_of(loss)["pseudo_negative_fraction"] == pytest.approx([count / 40 for count in negative])


def test_no_pseudo_labels_during_the_warm_up() -> None:
    loss = build(dict(type="PseudoLabelLoss", loss=PLAIN, warmup_epochs=5), epoch=3)
    step(loss)
    fractions = fractions_of(loss)
    assert fractions["pseudo_positive_fraction"] == fractions["pseudo_negative_fraction"] == [0, 0, 0]
    assert sum(fractions["ignored_fraction"]) > 0


@pytest.mark.parametrize("scheme", ["reject", "temporary"])
def test_large_losses_by_a_plain_loop(scheme) -> None:
    loss = build(dict(type="LargeLoss", scheme=scheme, delta=2.5))  # a fifth of the batch in epoch 8
    logits, labels = step(loss)
    elements = [(logits[n, c].item(), c) for n in range(40) for c in range(3) if labels[n, c] == -1]
    largest = sorted(elements, reverse=True)[: round(0.2 * 120)]
    expected = [sum(c == of for _, of in largest) / 40 for c in range(3)]
    expected_fractions = {
        "pseudo_positive_fraction": pytest.approx(expected),
        "pseudo_negative_fraction": [0, 0, 0],
    }
    if scheme == "reject":
        expected_fractions = {"ignored_fraction": pytest.approx(expected)}
    assert fractions_of(loss) == expected_fractions


def test_stored_flips_are_counted_in_every_epoch() -> None:
    loss = build(dict(type="PermanentLargeLoss", delta=5))
    step(loss)
    first = sum(fractions_of(loss)["pseudo_positive_fraction"])
    assert first == pytest.approx(6 / 40)  # a twentieth of 40 x 3
    loss.update_statistics()
    clear_gathered(loss)
    step(loss)
    assert sum(fractions_of(loss)["pseudo_positive_fraction"]) == pytest.approx(2 * first)


@pytest.mark.parametrize("unknown", ["negative", "ignore"])
@pytest.mark.parametrize("correct_negatives", [True, False])
def test_labels_are_corrected_where_the_loss_changes(unknown, correct_negatives) -> None:
    config = dict(type="SelfPacedCorrectionLoss", unknown=unknown, correct_negatives=correct_negatives)
    loss = build(config)
    logits, labels = step(loss, 60)
    uncorrected = build(config, epoch=0)(logits, labels, reduction_override="none")
    changed = build(config)(logits, labels, reduction_override="none") != uncorrected
    found = fractions_of(loss)["pseudo_positive_fraction"]
    assert found == pytest.approx(changed.float().mean(dim=0).tolist())
    assert bool(changed.any()) == (unknown == "negative" or correct_negatives)
    early = build(config, epoch=0)
    step(early)
    assert fractions_of(early)["pseudo_positive_fraction"] == [0, 0, 0]


def test_steps_with_another_number_of_classes_are_not_counted() -> None:
    loss = build(PLAIN, num_classes=5)
    step(loss)  # as of a head that computes three of five classes
    assert fractions_of(loss) == {}
    without_counts = MODELS.build(PLAIN)
    step(without_counts)
    assert fractions_of(without_counts) == {}


def test_kinds_of_elements_one_by_one() -> None:
    labels = torch.tensor([[1.0, 0.0, -1.0, 0.3, -1.0, -1.0, -1.0, 0.0]])
    learned = torch.tensor([[1.0, 1.0, -1.0, 0.3, 0.5, 0.49, 0.0, 0.0]])
    weight = torch.tensor([[0.0, 1.0, 0.0, 0.0, 0.01, 1.0, 1.0, 0.5]])
    fractions = ElementCounter()
    fractions.allocate(8)
    fractions.add(labels, weight, learned)
    assert {name: values.tolist() for name, values in fractions.values().items()} == {
        "ignored_fraction": [0, 0, 1, 0, 0, 0, 0, 0],
        "masked_fraction": [1, 0, 0, 1, 0, 0, 0, 0],
        "pseudo_positive_fraction": [0, 1, 0, 0, 1, 0, 0, 0],
        "pseudo_negative_fraction": [0, 0, 0, 0, 0, 1, 1, 0],
    }
    fractions.add(labels)  # an image without counted elements
    assert fractions.num_images == 2


@pytest.mark.parametrize("name", LOSSES)
def test_counts_stay_out_of_checkpoints(name) -> None:
    assert not any("element_counter" in key for key in build(LOSSES[name]).state_dict())
