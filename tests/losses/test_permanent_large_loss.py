"""Large Loss with permanent flips against loops over labels that are changed in place."""

from __future__ import annotations

import math

import pytest
import torch
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

from mmpretrain_imbalance.functional import LossContext

NUM_IMAGES, NUM_CLASSES, BATCH = 12, 5, 4


def by_hand(logits, labels, epoch, delta):
    """Compute losses, gradient and flipped labels of a batch as the authors do."""
    k = math.ceil(len(logits) * NUM_CLASSES * delta / 100) if epoch else 0
    p = torch.sigmoid(logits)
    unknown = sorted(
        (-torch.log(1 - p[n, c])).item()
        for n in range(len(logits))
        for c in range(NUM_CLASSES)
        if labels[n, c] == -1
    )
    threshold = unknown[-min(k, len(unknown))] if k and unknown else math.inf
    losses, gradient, after = torch.zeros_like(logits), torch.zeros_like(logits), labels.clone()
    for n in range(len(logits)):
        for c in range(NUM_CLASSES):
            as_negative = -torch.log(1 - p[n, c])
            if labels[n, c] == -1 and as_negative.item() >= threshold:
                after[n, c] = 1
            positive = after[n, c] == 1
            losses[n, c] = -torch.log(p[n, c]) if positive else as_negative
            gradient[n, c] = p[n, c] - 1 if positive else p[n, c]
    return losses, gradient, after


@pytest.mark.parametrize("delta", [0.0, 4.0, 30.0])
def test_epochs_equal_the_loop(delta):
    generator = torch.Generator().manual_seed(0)
    annotated = torch.randint(-1, 2, (NUM_IMAGES, NUM_CLASSES), generator=generator)
    current = annotated.clone()
    loss = MODELS.build(dict(type="PermanentLargeLoss", delta=delta)).train()
    for epoch in range(4):
        loss.set_progress(epoch, 4, 0)
        after = current.clone()
        for ids in torch.randperm(NUM_IMAGES, generator=generator).split(BATCH):
            logits = 2 * torch.randn(BATCH, NUM_CLASSES, generator=generator, dtype=torch.float64)
            losses, gradient, after[ids] = by_hand(logits, current[ids], epoch, delta)
            logits.requires_grad_()
            context = LossContext(sample_ids=ids)
            found = loss(logits, annotated[ids], reduction_override="none", context=context)
            torch.testing.assert_close(found.detach(), losses, rtol=1e-10, atol=1e-12)
            found.sum().backward()
            torch.testing.assert_close(logits.grad, gradient, rtol=1e-10, atol=1e-12)
        loss.update_statistics()
        current = after
        flips = loss.image_state.lookup(torch.arange(NUM_IMAGES), NUM_CLASSES)
        torch.testing.assert_close(flips, (current == 1) & (annotated == -1))
    assert flips.any() == (delta > 0)
    if delta:
        torch.testing.assert_close(loss.class_state()["flips"], flips.sum(dim=0).float())


def test_known_elements_do_not_change_and_validation_uses_no_flips():
    loss = MODELS.build(dict(type="PermanentLargeLoss", delta=100, reduction="mean")).train()
    loss.set_progress(1, 4, 0)
    logits, labels = torch.tensor([[3.0, 3.0]], requires_grad=True), torch.tensor([[0, -1]])
    context = LossContext(sample_ids=torch.tensor([0]))
    loss(logits, labels, context=context)
    loss.update_statistics()
    assert loss.image_state.lookup(context.sample_ids, 2).tolist() == [[False, True]]
    plain = MODELS.build(dict(type="PartialAsymmetricLoss", unknown="negative", reduction="mean"))
    torch.testing.assert_close(loss.eval()(logits, labels, context=context), plain(logits, labels))


def test_a_forward_pass_without_gradient_stores_nothing():
    loss = MODELS.build(dict(type="PermanentLargeLoss", delta=100)).train()
    loss.set_progress(1, 4, 0)
    with torch.no_grad():
        loss(torch.zeros(1, 2), torch.full((1, 2), -1), context=LossContext(sample_ids=torch.tensor([0])))
    loss.update_statistics()
    assert not len(loss.image_state)


def test_a_head_of_mmpretrain_raises_with_the_remedy():
    head = MODELS.build(
        dict(
            type="MultiLabelLinearClsHead", num_classes=3, in_channels=4, loss=dict(type="PermanentLargeLoss")
        )
    ).train()
    head.loss_module.set_progress(1, 4, 0)
    samples = [DataSample().set_gt_score(torch.tensor([1.0, 0, -1]))]
    with pytest.raises(
        ValueError, match=r"PermanentLargeLoss needs the sample_ids .* Use PartialLabelLinearClsHead"
    ):
        head.loss((torch.zeros(1, 4),), samples)


def test_invalid_argument():
    with pytest.raises(
        ValueError, match=r"'delta' argument of PermanentLargeLoss must be a number from 0 to 100. Got -1"
    ):
        MODELS.build(dict(type="PermanentLargeLoss", delta=-1))
