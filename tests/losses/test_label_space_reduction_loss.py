"""Only active classes have a loss, and the expected loss of every class is unbiased."""

from __future__ import annotations

import pytest
import torch
from mmpretrain.registry import MODELS

from tests.losses.smallest_losses import PLAIN, build, clear_gathered, prepare, random_batch

NAME = "LabelSpaceReductionLoss"


def test_expected_loss_and_gradient_are_the_plain_ones():
    logits, labels = random_batch(4, 12)
    labels[:, 6:] = labels[:, 6:].clamp(max=0)  # half of the classes without a positive
    loss = build(dict(type=NAME, loss=PLAIN, active_fraction=0.7), 12)
    mean = sum(loss(logits, labels, reduction_override="none") for _ in range(2000)) / 2000
    plain = build(PLAIN, 12)(logits, labels, reduction_override="none")
    # The tolerance is four standard deviations of the mean of 2,000 random weights up to 3.
    torch.testing.assert_close(mean, plain, rtol=0.15, atol=1e-6)
    (gradient,) = torch.autograd.grad(mean.sum(), logits)
    torch.testing.assert_close(gradient, torch.autograd.grad(plain.sum(), logits)[0], rtol=0.15, atol=1e-6)


@pytest.mark.parametrize(("epoch", "active"), [(0, 20), (9, 4), (50, 4)])
def test_the_active_fraction_depends_on_the_epoch(epoch, active):
    loss = build(dict(type=NAME, loss=PLAIN, active_fraction=(1.0, 0.2)), 20, epoch)
    losses = loss(torch.zeros(2, 20), torch.zeros(2, 20), reduction_override="none")
    assert int((losses > 0).any(dim=0).sum()) == active


def test_active_classes_depend_on_the_iteration():
    loss = build(dict(type=NAME, loss=PLAIN, active_fraction=0.3), 40)

    def active(iteration=None):
        if iteration is not None:
            prepare(loss, 40, iteration=iteration)
        return (loss(torch.zeros(1, 40), torch.zeros(1, 40), reduction_override="none") > 0).tolist()

    assert active(1) == active(1)
    assert active(1) != active(2)
    assert active(1) != active()


@pytest.mark.parametrize("fraction", [0, 1.5, (1.0, 0.0), (0.1, 0.2, 0.3)])
def test_invalid_fractions(fraction):
    with pytest.raises(
        ValueError,
        match=r"'active_fraction' argument of LabelSpaceReductionLoss must be (in \(0, 1\]|.* pair of )",
    ):
        MODELS.build(dict(type=NAME, loss=PLAIN, active_fraction=fraction))
    with pytest.raises(ValueError, match=r"'hard_fraction' argument of LabelSpaceReductionLoss"):
        MODELS.build(dict(type=NAME, loss=PLAIN, hard_fraction=2))


def test_the_reduction_mean_kept_is_unbiased():
    logits, labels = torch.randn(4, 40, generator=torch.Generator().manual_seed(0)), torch.zeros(4, 40)
    full = build(dict(PLAIN, reduction="mean_kept"), 40)(logits, labels)
    loss = build(dict(type=NAME, loss=PLAIN, active_fraction=0.3, hard_fraction=0, reduction="mean_kept"), 40)
    values = []
    for iteration in range(400):
        prepare(loss, 40, iteration=iteration)
        values.append(loss(logits, labels))
    values = torch.stack(values)
    assert abs(values.mean() - full) < 4 * values.std() / 20


def test_a_soft_pseudo_negative_does_not_make_a_class_active():
    pseudo = dict(type="PseudoLabelLoss", hard=False, warmup_epochs=0, negative_threshold=0.3)
    inner = dict(type="LabelSpaceReductionLoss", active_fraction=0.2, loss=dict(type="PartialAsymmetricLoss"))
    logits, labels = torch.full((4, 20), -3.0, requires_grad=True), torch.full((4, 20), -1)
    logits.data[0, 7] = 3.0
    loss = build(dict(pseudo, loss=inner), num_classes=20)
    elements = loss(logits, labels, reduction_override="none")
    assert (elements[:, 7] > 0).all()
    assert int((elements > 0).any(dim=0).sum()) == 4


def test_a_class_with_a_pseudo_positive_is_active():
    inner = dict(type=NAME, loss=PLAIN, active_fraction=0.1, hard_fraction=0)
    loss = build(dict(type="PseudoLabelLoss", loss=inner, warmup_epochs=0), 40)
    logits, labels = torch.zeros(2, 40), torch.zeros(2, 40)
    logits[0, 7], labels[0, 7] = 6, -1
    for iteration in range(20):
        prepare(loss, 40, iteration=iteration)
        losses = loss(logits, labels, reduction_override="none")
        torch.testing.assert_close(losses[0, 7], torch.nn.functional.softplus(torch.tensor(-6.0)))
    with pytest.raises(ValueError, match="Put PseudoLabelLoss around LabelSpaceReductionLoss instead"):
        MODELS.build(dict(type=NAME, loss=dict(type="PseudoLabelLoss", loss=PLAIN)))


def test_inactive_classes_by_a_plain_loop() -> None:
    """The known elements of a class have a loss only if the class is active."""
    num_classes = 12
    loss = build(dict(type=NAME, loss=PLAIN, active_fraction=0.5), num_classes)
    inactive, images = [0] * num_classes, 0
    for iteration, num_images in enumerate((4, 7, 5)):
        prepare(loss, num_classes, iteration=iteration)
        logits, labels = random_batch(num_images, num_classes, seed=iteration)
        labels[0], labels[1, :2] = 0, 1
        labels[:, 2:].clamp_(max=0)
        losses = loss(logits, labels, reduction_override="none")
        images += num_images
        for c in range(num_classes):
            inactive[c] += num_images * (not losses[0, c] > 0)
    assert inactive[:2] == [0, 0]
    assert 0 < sum(inactive) < images * num_classes
    expected = [count / images for count in inactive]
    assert loss.class_state()["inactive_fraction"].tolist() == pytest.approx(expected)
    clear_gathered(loss)
    assert loss.class_state() == {}


def test_masking_around_it_does_not_change_the_expected_loss_of_a_class():
    """Both losses use random numbers. If these were equal, the active classes would be those not masked."""
    num_classes = 40
    reduction = dict(type=NAME, loss=PLAIN, active_fraction=0.3, hard_fraction=0)
    ratios = [2 * (10 + c) / (90 - c) for c in range(num_classes)]
    masking = dict(type="PartialLabelMaskingLoss", loss=reduction, initial_ideal_ratio=ratios)
    loss = MODELS.build(masking).train()
    counts = torch.arange(10, 10 + num_classes), torch.arange(90, 90 - num_classes, -1)
    loss.set_label_counts(*counts)  # the ideal ratio is twice this ratio: half of the negatives are kept
    values = []
    for iteration in range(300):
        for module in (loss, loss.loss):
            module.set_progress(0, 10, iteration)
        values.append(
            loss(torch.zeros(1, num_classes), torch.zeros(1, num_classes), reduction_override="mean")
        )
    values = torch.stack(values)
    expected = 0.5 * torch.nn.functional.softplus(torch.tensor(0.0))
    assert abs(values.mean() - expected) < 4 * values.std() / len(values) ** 0.5
    assert values.std() / len(values) ** 0.5 < 0.05 * expected
