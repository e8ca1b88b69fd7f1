"""What the losses record of the elements they leave out, or label themselves: against plain loops."""

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
    tables,
    tell,
)

#: More arguments with which a loss treats elements in another way.
MORE = {
    "HillLoss, ignore": dict(type="HillLoss", unknown="ignore"),
    "SelfPacedCorrectionLoss, ignore": dict(type="SelfPacedCorrectionLoss", unknown="ignore"),
    "LargeLoss, temporary": dict(type="LargeLoss", scheme="temporary"),
    "PartialAsymmetricLoss, negative": dict(PLAIN, unknown="negative"),
    "PartialAsymmetricLoss, ignore_normalized": dict(PLAIN, unknown="ignore_normalized"),
    "ClassAwareSelectiveLoss, prior": dict(
        type="ClassAwareSelectiveLoss", class_prior=[0.5, 0.0, 0.5], prior_threshold=0.1
    ),
    "the loss of the host": dict(type="ClassPriorTrackingLoss", loss=dict(type="FocalLoss")),
    "masking around all": dict(
        type="PartialLabelMaskingLoss", loss=dict(type="PseudoLabelLoss", loss=PLAIN, warmup_epochs=0)
    ),
}
LOSSES = SMALLEST | MORE
LEFT_OUT = ("ignored_fraction", "masked_fraction")
PSEUDO = ("pseudo_positive_fraction", "pseudo_negative_fraction")


def shares_of(loss: ElementwiseLoss) -> dict[str, list[float]]:
    """Of the outermost loss, which is the one that counts."""
    return {name: values.tolist() for name, values in loss.element_counter.values().items()}


def step(loss: ElementwiseLoss, num_images: int = 40, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    logits, labels = tables(num_images, seed=seed)
    loss(logits, labels, context=LossContext(sample_ids=torch.arange(num_images)))
    return logits.detach(), labels


@pytest.mark.parametrize("name", LOSSES)
def test_what_is_left_out_is_what_takes_no_part(name) -> None:
    loss = build(LOSSES[name])
    logits, labels = step(loss)
    fractions = shares_of(loss)
    tell(loss)  # the same iteration draws the same
    with torch.no_grad():
        weight = elements_of(loss, logits, labels).weight
        tell(loss)
        table = loss(logits, labels, reduction_override="none")
    assert (table[weight == 0] == 0).all()
    for kind, unknown in zip(LEFT_OUT, (True, False)):
        count = [0] * 3
        for n in range(40):
            for c in range(3):
                count[c] += bool(weight[n, c] == 0) and (labels[n, c].item() == -1) == unknown
        expected = [number / 40 for number in count]
        assert fractions.get(kind, [0, 0, 0]) == pytest.approx(expected)


@pytest.mark.parametrize("name", LOSSES)
def test_the_kinds_are_those_that_the_loss_can_make(name) -> None:
    loss = build(LOSSES[name])
    logits, labels = step(loss)
    with torch.no_grad():
        elements = loss.elements(logits, labels.to(torch.int8), LossContext(sample_ids=torch.arange(40)))
    left_out = LEFT_OUT if loss.traits.masks_known else LEFT_OUT[:1]
    expected = (
        *(left_out if elements.weight is not None else ()),
        *(PSEUDO if elements.labels is not None else ()),
    )
    assert tuple(shares_of(loss)) == expected


@pytest.mark.parametrize("name", [*WRAPPERS, "masking around all", "the loss of the host"])
def test_a_held_loss_counts_nothing(name) -> None:
    loss = build(LOSSES[name])
    step(loss)
    assert loss.element_counter.num_images == 40
    for held in elementwise_losses(loss.loss):
        assert not any(buffer.any() for buffer in held.element_counter.buffers())
        assert held.element_counter.values() == {}


@pytest.mark.parametrize("name", LOSSES)
def test_only_training_steps_count(name) -> None:
    loss = build(LOSSES[name])
    logits, labels = tables(10)
    with torch.no_grad():
        loss(logits, labels, context=LossContext(sample_ids=torch.arange(10)))
    loss.eval()(logits, labels)
    assert not any(module.element_counter.values() for module in elementwise_losses(loss))


@pytest.mark.parametrize("name", LOSSES)
def test_steps_and_ranks_add_up(name) -> None:
    """Two ranks with a step each, of unequal size, then summed, against both steps on one rank."""

    def gathered(steps: list[tuple[int, int]]) -> list[torch.Tensor]:
        loss = build(LOSSES[name])
        for iteration, (num_images, seed) in steps:
            tell(loss, iteration=iteration)
            step(loss, num_images, seed)
        return [buffer for module in elementwise_losses(loss) for buffer in module.element_counter.buffers()]

    first, second = (0, (30, 1)), (1, (17, 2))
    ranks = [a + b for a, b in zip(gathered([first]), gathered([second]))]
    torch.testing.assert_close(ranks, gathered([first, second]), rtol=0, atol=0)
    assert all(buffer.dtype == torch.int64 for buffer in ranks)


def elementwise_losses(loss: ElementwiseLoss) -> list[ElementwiseLoss]:
    """The losses of a composition."""
    return [module for module in loss.modules() if isinstance(module, ElementwiseLoss)]


def test_ignored_masked_pseudo_and_known_make_the_table() -> None:
    loss = build(MORE["masking around all"])
    _, labels = step(loss, 200)
    fractions = shares_of(loss)
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
    assert nearer_to_negative > 0  # what hard and soft labels count differently
    assert sum(ignored) > 0
    fractions = shares_of(loss)
    assert fractions["pseudo_positive_fraction"] == pytest.approx([count / 40 for count in positive])
    assert fractions["pseudo_negative_fraction"] == pytest.approx([count / 40 for count in negative])
    assert fractions["ignored_fraction"] == pytest.approx([count / 40 for count in ignored])
    assert "masked_fraction" not in fractions


def test_wrappers_pass_on_what_the_held_loss_learned() -> None:
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
        assert sum(shares_of(alone)[kind]) > 0
        assert shares_of(composed)[kind] == shares_of(alone)[kind]


def test_pseudo_labels_and_corrections_by_a_plain_loop() -> None:
    """The wrapper fills in what is below 0.1, and the held loss corrects negatives above 0.6."""
    held = dict(type="SelfPacedCorrectionLoss", unknown="ignore")
    loss = build(dict(type="PseudoLabelLoss", loss=held, warmup_epochs=0, positive_threshold=1.0))
    logits, labels = step(loss)
    positive, negative = [0] * 3, [0] * 3
    for image in range(40):
        for c in range(3):
            probability = torch.sigmoid(logits[image, c]).item()
            positive[c] += labels[image, c].item() == 0 and probability > 0.6
            negative[c] += labels[image, c].item() == -1 and probability < 0.1
    assert sum(positive) > 0 < sum(negative)
    assert shares_of(loss)["pseudo_positive_fraction"] == pytest.approx([count / 40 for count in positive])
    assert shares_of(loss)["pseudo_negative_fraction"] == pytest.approx([count / 40 for count in negative])


def test_while_warming_up_there_are_none() -> None:
    loss = build(dict(type="PseudoLabelLoss", loss=PLAIN, warmup_epochs=5), epoch=3)
    step(loss)
    fractions = shares_of(loss)
    assert fractions["pseudo_positive_fraction"] == fractions["pseudo_negative_fraction"] == [0, 0, 0]
    assert sum(fractions["ignored_fraction"]) > 0


@pytest.mark.parametrize("scheme", ["reject", "temporary"])
def test_large_losses_by_a_plain_loop(scheme) -> None:
    loss = build(dict(type="LargeLoss", scheme=scheme, delta=2.5))  # in epoch 8: a fifth of the batch
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
    assert shares_of(loss) == expected_fractions


def test_flips_that_are_remembered_count_in_every_epoch() -> None:
    loss = build(dict(type="PermanentLargeLoss", delta=5))
    step(loss)
    first = sum(shares_of(loss)["pseudo_positive_fraction"])
    assert first == pytest.approx(6 / 40)  # a twentieth of 40 x 3
    loss.update_statistics()
    clear_gathered(loss)
    step(loss)
    assert sum(shares_of(loss)["pseudo_positive_fraction"]) == pytest.approx(2 * first)


@pytest.mark.parametrize("unknown", ["negative", "ignore"])
@pytest.mark.parametrize("correct_negatives", [True, False])
def test_corrected_labels_are_those_whose_loss_is_another(unknown, correct_negatives) -> None:
    config = dict(type="SelfPacedCorrectionLoss", unknown=unknown, correct_negatives=correct_negatives)
    loss = build(config)
    logits, labels = step(loss, 60)
    uncorrected = build(config, epoch=0)(logits, labels, reduction_override="none")
    changed = build(config)(logits, labels, reduction_override="none") != uncorrected
    found = shares_of(loss)["pseudo_positive_fraction"]
    assert found == pytest.approx(changed.float().mean(dim=0).tolist())
    assert bool(changed.any()) == (unknown == "negative" or correct_negatives)
    early = build(config, epoch=0)
    step(early)
    assert shares_of(early)["pseudo_positive_fraction"] == [0, 0, 0]


def test_counts_of_other_classes_are_not_taken() -> None:
    loss = build(PLAIN, num_classes=5)
    step(loss)  # a head that computes three of five
    assert shares_of(loss) == {}
    untold = MODELS.build(PLAIN)
    step(untold)
    assert shares_of(untold) == {}


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
    fractions.add(labels)  # an image in which nothing is counted
    assert fractions.num_images == 2


@pytest.mark.parametrize("name", LOSSES)
def test_counts_stay_out_of_checkpoints(name) -> None:
    assert not any("element_counter" in key for key in build(LOSSES[name]).state_dict())
