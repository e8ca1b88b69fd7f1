"""Registered partial asymmetric loss: the loss of the function, with each treatment of unknown labels."""

from __future__ import annotations

import math

import pytest
import torch
from mmpretrain.registry import MODELS

from mmpretrain_imbalance.functional import UNKNOWN_MODES, partial_asymmetric_loss, unknown_weights
from tests.losses.smallest_losses import build, random_batch

ARGUMENTS = dict(gamma_pos=1.0, gamma_neg=2.0, gamma_unknown=3.0, alpha_unknown=0.5, clip=0.1)


@pytest.mark.parametrize("unknown", UNKNOWN_MODES)
def test_losses_and_gradient(unknown):
    logits, labels = random_batch()
    losses = build(dict(type="PartialAsymmetricLoss", unknown=unknown, **ARGUMENTS))(
        logits, labels, reduction_override="none"
    )
    weights = unknown_weights(labels, unknown)
    expected = partial_asymmetric_loss(logits, labels, **ARGUMENTS) * (1 if weights is None else weights)
    torch.testing.assert_close(losses, expected)
    (gradient,) = torch.autograd.grad(losses.sum(), logits)
    torch.testing.assert_close(gradient, torch.autograd.grad(expected.sum(), logits)[0])


@pytest.mark.parametrize("reduction", ["mean_known", "mean_kept"])
def test_counts_known_elements(reduction):
    logits, labels = torch.zeros(2, 3), torch.tensor([[1, 0, -1], [-1, -1, 0]])
    loss = build(dict(type="PartialAsymmetricLoss", reduction=reduction))
    assert loss(logits, labels).item() == pytest.approx(0.6931472)


def test_invalid_treatment():
    with pytest.raises(
        ValueError,
        match=r"'unknown' argument of PartialAsymmetricLoss must be one of 'negative', .*Got 'skip'",
    ):
        MODELS.build(dict(type="PartialAsymmetricLoss", unknown="skip"))


def test_without_focus_it_is_binary_cross_entropy_at_any_logit():
    logits = torch.tensor([[-80.0, 80.0, -20.0, 20.0]], requires_grad=True)
    labels = torch.tensor([[1, 0, 1, 0]])
    ours = build(dict(type="PartialAsymmetricLoss", reduction="sum"))(logits, labels)
    torchs = torch.nn.functional.binary_cross_entropy_with_logits(logits, labels.float(), reduction="sum")
    torch.testing.assert_close(ours, torchs)
    torch.testing.assert_close(*(torch.autograd.grad(loss, logits)[0] for loss in (ours, torchs)))


def test_with_focus_the_logarithm_is_bounded_as_published():
    loss = build(dict(type="PartialAsymmetricLoss", gamma_neg=4, reduction="sum"))
    assert loss(torch.tensor([[-80.0]]), torch.tensor([[1]])).item() == pytest.approx(-math.log(1e-8))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(gamma_neg=-3), "'gamma_neg' argument of PartialAsymmetricLoss must be at least 0. Got -3"),
        (dict(clip=2), "'clip' argument of PartialAsymmetricLoss must be a number from 0 to 1. Got 2"),
        (dict(loss_weight=math.nan), "'loss_weight' .* must be a finite number. Got nan"),
    ],
)
def test_numbers_out_of_range(arguments, message):
    with pytest.raises(ValueError, match=message):
        MODELS.build(dict(type="PartialAsymmetricLoss", **arguments))


def test_arguments_that_are_not_numbers():
    with pytest.raises(
        TypeError, match=r"'gamma_neg' argument of PartialAsymmetricLoss must be a number. Got 'a'"
    ):
        MODELS.build(dict(type="PartialAsymmetricLoss", gamma_neg="a"))


def test_an_infinite_logit_in_half_precision_does_not_affect_other_elements():
    """A float16 logit above 65,504 is infinite; its loss is 0 if its label is unknown or agrees with it."""
    logits = torch.tensor([[torch.inf, torch.inf, -torch.inf, 0.0]], dtype=torch.float16, requires_grad=True)
    loss = build(dict(type="PartialAsymmetricLoss"), num_classes=4)(logits, torch.tensor([[-1, 1, 0, 1]]))
    loss.backward()
    assert loss.item() == pytest.approx(math.log(2))
    assert logits.grad.tolist() == [[0, 0, 0, pytest.approx(-0.5)]]
