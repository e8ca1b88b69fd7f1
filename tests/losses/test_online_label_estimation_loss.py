"""Registered ROLE: estimates start near the annotation and are learned together with the model."""

from __future__ import annotations

import pytest
import torch
from mmpretrain.registry import MODELS

from mmpretrain_imbalance.functional import LossContext
from mmpretrain_imbalance.functional.losses.expected_positives_loss import expected_positives_loss
from mmpretrain_imbalance.functional.losses.online_label_estimation_loss import online_label_estimation_loss

ARGUMENTS = dict(type="OnlineLabelEstimationLoss", num_images=50, num_classes=4, expected_positives=1.5)
IDS = torch.tensor([7, 31, 2])


def random_batch():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(3, 4, generator=generator)
    return logits.requires_grad_(), torch.tensor([[1, 0, -1, -1]] * 3)


def test_equals_the_function_of_the_rows_of_the_images():
    loss = MODELS.build(ARGUMENTS).train()
    logits, labels = random_batch()
    found = loss(logits, labels, context=LossContext(sample_ids=IDS), reduction_override="none")
    start = torch.tensor([5.293304824724492, -5.293304824724492, 0, 0])
    expected = online_label_estimation_loss(logits, labels, loss.label_logits[IDS] + start, 1.5)
    torch.testing.assert_close(found, expected)


def test_estimates_start_near_the_annotation():
    loss = MODELS.build(dict(ARGUMENTS, num_images=1000))
    labels = torch.tensor([[1, 0, -1, -1]]).expand(1000, 4)
    estimates = loss.estimates(torch.arange(1000), labels).sigmoid()
    assert estimates[:, 0].min() > 0.992
    assert estimates[:, 1].max() < 0.008
    assert estimates[:, 2:].min() >= 0.4
    assert estimates[:, 2:].max() <= 0.6
    assert estimates[:, 2:].mean().item() == pytest.approx(0.5, abs=0.01)
    again = MODELS.build(dict(ARGUMENTS, num_images=1000))
    torch.testing.assert_close(again.label_logits, loss.label_logits, rtol=0, atol=0)


def test_only_images_of_the_batch_get_a_gradient():
    loss = MODELS.build(ARGUMENTS).train()
    logits, labels = random_batch()
    loss(logits, labels, context=LossContext(sample_ids=IDS)).backward()
    assert sorted(loss.label_logits.grad.abs().sum(dim=1).nonzero().flatten().tolist()) == sorted(
        IDS.tolist()
    )
    assert logits.grad.abs().sum() > 0


def test_model_and_estimates_converge():
    loss = MODELS.build(dict(ARGUMENTS, num_images=3)).train()
    logits, labels = random_batch()
    context = LossContext(sample_ids=torch.arange(3))
    optimizer = torch.optim.SGD([logits, loss.label_logits], lr=0.5)
    gaps = []
    for _ in range(300):
        optimizer.zero_grad()
        loss(logits, labels, context=context).backward()
        optimizer.step()
        estimates = loss.estimates(context.sample_ids, labels).sigmoid()
        gaps.append((estimates - logits.sigmoid())[:, 2:].abs().mean().item())
    assert gaps[-1] < 0.5 * gaps[0]


def test_validation_has_no_estimates():
    loss = MODELS.build(ARGUMENTS).eval()
    logits, labels = random_batch()
    context = LossContext(sample_ids=torch.tensor([999, 1000, 1001]))  # of another dataset
    found = loss(logits, labels, context=context, reduction_override="none")
    torch.testing.assert_close(found, expected_positives_loss(logits, labels, 1.5))


@pytest.mark.parametrize("num_classes", [1, 2])
def test_another_number_of_classes_raises(num_classes):
    loss = MODELS.build(dict(ARGUMENTS, num_classes=num_classes))
    context = LossContext(sample_ids=torch.arange(2))
    with pytest.raises(
        ValueError, match=rf"'num_classes' argument .* of the head, 4. Got {num_classes} instead"
    ):
        loss(torch.zeros(2, 4), torch.zeros(2, 4), context=context)


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("num_images", "an integer of at least 1"),
        ("num_classes", "an integer of at least 1"),
        ("expected_positives", "above 0"),
    ],
)
def test_invalid_arguments(argument, expected):
    with pytest.raises(
        ValueError,
        match=f"'{argument}' argument of OnlineLabelEstimationLoss must be {expected}. Got 0 instead",
    ):
        MODELS.build(dict(ARGUMENTS, **{argument: 0}))


def test_a_longer_training_set_raises():
    loss = MODELS.build(ARGUMENTS).train()
    with pytest.raises(
        ValueError, match="'num_images' argument of OnlineLabelEstimationLoss must be the length"
    ):
        loss(*random_batch(), context=LossContext(sample_ids=torch.tensor([0, 1, 50])))
