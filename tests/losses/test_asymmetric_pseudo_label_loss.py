"""EM + APL over epochs, against loops over all images."""

from __future__ import annotations

import pytest
import torch
from mmpretrain.registry import MODELS

from mmpretrain_imbalance.functional import LossContext
from mmpretrain_imbalance.functional.losses.asymmetric_pseudo_label_loss import asymmetric_pseudo_label_loss
from tests.losses.smallest_losses import clear_gathered

NUM_IMAGES, NUM_CLASSES, EPOCHS, WARMUP = 30, 4, 6, 3
ARGUMENTS = dict(type="AsymmetricPseudoLabelLoss", num_images=NUM_IMAGES, warmup_epochs=WARMUP)


def annotation():
    return torch.randint(-1, 2, (NUM_IMAGES, NUM_CLASSES), generator=torch.Generator().manual_seed(0))


def run(loss, batches_of, scores_of, epochs=range(EPOCHS)):
    """Train with given logits instead of a model, and with the labels of the annotation."""
    labels = annotation()
    for epoch in epochs:
        loss.set_progress(epoch, EPOCHS, 0)
        for ids in batches_of(epoch):
            context = LossContext(sample_ids=ids)
            loss(scores_of(epoch)[ids].requires_grad_(), labels[ids], context=context)
        loss.update_statistics()
        clear_gathered(loss)
        yield epoch


def scores_of(epoch):
    return 3 * torch.randn(NUM_IMAGES, NUM_CLASSES, generator=torch.Generator().manual_seed(epoch))


def batches_of(epoch):
    return torch.randperm(NUM_IMAGES, generator=torch.Generator().manual_seed(100 + epoch)).split(7)


def build():
    loss = MODELS.build(ARGUMENTS).train()
    loss.set_label_counts(torch.ones(NUM_CLASSES), torch.ones(NUM_CLASSES))
    return loss


def test_soft_labels_of_each_epoch_equal_the_loop():
    loss, labels = build(), annotation()
    expected = torch.zeros(NUM_CLASSES, NUM_IMAGES)
    for epoch in run(loss, batches_of, scores_of):
        if epoch + 1 >= WARMUP:
            p = torch.sigmoid(scores_of(epoch))
            for c in range(NUM_CLASSES):
                unknown = [n for n in range(NUM_IMAGES) if labels[n, c] == -1]
                number = int(0.9 * len(unknown) / (EPOCHS - WARMUP))
                free = sorted((p[n, c].item(), n) for n in unknown if expected[c, n] == 0)
                for value, n in free[:number]:
                    expected[c, n] = value
        torch.testing.assert_close(loss.soft_labels, expected, rtol=1e-6, atol=0)
    assert (expected > 0).any()
    assert not (expected > 0)[labels.T != -1].any()


def test_the_loss_uses_the_soft_labels_of_the_image():
    loss, labels = build(), annotation()
    list(run(loss, batches_of, scores_of, range(WARMUP)))
    ids = torch.tensor([4, 29, 4, 0])
    logits = torch.randn(4, NUM_CLASSES)
    soft = loss.soft_labels.T[ids]
    unknown = labels[ids] == -1
    assert ((soft > 0) & unknown).any()
    assert ((soft == 0) & unknown).any()  # an unknown element that has no soft label yet
    expected = asymmetric_pseudo_label_loss(logits, labels[ids], soft.where(soft > 0, -1.0))
    found = loss(logits, labels[ids], context=LossContext(sample_ids=ids), reduction_override="none")
    torch.testing.assert_close(found, expected)
    none = asymmetric_pseudo_label_loss(logits, labels[ids], torch.full_like(logits, -1))
    assert not torch.equal(expected, none)
    torch.testing.assert_close(
        loss.eval()(logits, labels[ids], context=LossContext(sample_ids=ids), reduction_override="none"), none
    )


def test_an_image_seen_twice_or_never():
    loss = build()
    loss.set_progress(WARMUP - 1, EPOCHS, 0)
    ids = torch.tensor([1, 1, 2, 3, 5])
    logits = (
        torch.tensor([[-1.0], [-3.0], [-9.0], [9.0], [9.0]]).expand(5, NUM_CLASSES).clone().requires_grad_()
    )
    loss(logits, torch.full((5, NUM_CLASSES), -1), context=LossContext(sample_ids=ids))
    loss.update_statistics()  # 4 unknown elements per class: int(0.9 * 4 / 3) = 1
    assert (loss.soft_labels > 0).nonzero()[:, 1].tolist() == [2] * NUM_CLASSES
    # An image that occurs twice gets the mean of both probabilities.
    loss.probability_sum[:, 2] = 0
    loss.visits[2] = 0
    loss.soft_labels.zero_()
    loss.update_statistics()
    mean = torch.sigmoid(torch.tensor([-1.0, -3.0])).mean()
    assert int(0.9 * 3 / 3) == 0
    loss.proportion = 1.0
    loss.update_statistics()
    torch.testing.assert_close(loss.soft_labels[:, 1], mean.expand(NUM_CLASSES))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(num_images=0), "'num_images' .* must be an integer of at least 1. Got 0"),
        (dict(num_images=7.5), "'num_images' .* must be an integer of at least 1. Got 7.5"),
        (dict(warmup_epochs=0), "'warmup_epochs' .* must be an integer of at least 1. Got 0"),
        (dict(proportion=1.5), "'proportion' .* must be a number from 0 to 1. Got 1.5"),
        (dict(proportion=-0.5), "'proportion' .* must be a number from 0 to 1. Got -0.5"),
    ],
)
def test_invalid_arguments(arguments, message):
    with pytest.raises(ValueError, match=message.replace(".*", "argument of AsymmetricPseudoLabelLoss")):
        MODELS.build(dict(ARGUMENTS, **arguments))


def test_a_longer_training_set_raises():
    loss = build()
    loss.set_progress(0, EPOCHS, 0)
    with pytest.raises(
        ValueError,
        match="'num_images' argument of AsymmetricPseudoLabelLoss must be the length .* "
        f"Got {NUM_IMAGES} and the sample id {NUM_IMAGES} instead",
    ):
        loss(
            torch.zeros(2, NUM_CLASSES),
            torch.zeros(2, NUM_CLASSES),
            context=LossContext(sample_ids=torch.tensor([0, NUM_IMAGES])),
        )
