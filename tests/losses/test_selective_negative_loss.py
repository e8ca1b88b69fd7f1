"""Class-aware selection around other losses."""

from __future__ import annotations

import pytest
import torch
from mmpretrain.registry import MODELS

from tests.losses.smallest_losses import PLAIN, build, random_batch

NAME = "SelectiveNegativeLoss"
LOSSES = [
    PLAIN,
    dict(type="HillLoss"),
    dict(type="AssumeNegativeLoss"),
    dict(type="PartialAsymmetricLoss", gamma_neg=4, clip=0.05, unknown="ignore"),
]


def left_out(logits, labels, budget, prior, threshold):
    """Return the unknown elements that the selection leaves out, by a plain loop."""
    unknown = [(n, c) for n in range(len(labels)) for c in range(len(labels[0])) if labels[n, c] == -1]
    likeliest = sorted(unknown, key=lambda element: -logits[element].item())[:budget]
    return set(likeliest) | {(n, c) for n, c in unknown if prior[c] > threshold}


@pytest.mark.parametrize("inner", LOSSES, ids=lambda inner: "-".join(map(str, inner.values())))
def test_unknown_elements_are_negatives_or_left_out(inner):
    logits, labels = random_batch()
    prior = [0.6, 0.1, 0.2]
    loss = build(dict(type=NAME, loss=inner, likelihood_topk=0.5, prior_threshold=0.5, class_prior=prior))
    logits.requires_grad_()
    losses = loss(logits, labels, reduction_override="none")
    (slope,) = torch.autograd.grad(losses.sum(), logits)
    gone = left_out(logits, labels, round(0.5 * len(labels)), prior, 0.5)
    assert gone, "the batch must have unknown elements to leave out"
    as_negative = build(inner)(logits, labels.clamp(min=0), reduction_override="none")
    (slope_of_negative,) = torch.autograd.grad(as_negative.sum(), logits)
    for n in range(len(labels)):
        for c in range(len(labels[0])):
            expected = 0.0 if (n, c) in gone else as_negative[n, c].item()
            assert losses[n, c].item() == pytest.approx(expected, rel=1e-6)
            assert slope[n, c].item() == pytest.approx(
                0.0 if (n, c) in gone else slope_of_negative[n, c].item(), rel=1e-6
            )


def test_around_bce_it_is_csl_without_focus():
    logits, labels = random_batch()
    selective = build(dict(type=NAME, loss=PLAIN, likelihood_topk=1))(
        logits, labels, reduction_override="sum"
    )
    csl = build(dict(type="ClassAwareSelectiveLoss", gamma_neg=0, gamma_unknown=0, likelihood_topk=1))(
        logits, labels, reduction_override="sum"
    )
    torch.testing.assert_close(selective, csl)


def test_masking_must_be_outside():
    build(dict(type="PartialLabelMaskingLoss", loss=dict(type=NAME, loss=PLAIN)))
    with pytest.raises(ValueError, match="Put PartialLabelMaskingLoss around SelectiveNegativeLoss instead"):
        MODELS.build(dict(type=NAME, loss=dict(type="PartialLabelMaskingLoss", loss=PLAIN)))


@pytest.mark.parametrize(
    "inner",
    [
        dict(type="PseudoLabelLoss", loss=dict(type="PartialAsymmetricLoss")),
        dict(type="LargeLoss"),
        dict(type="PermanentLargeLoss"),
        dict(type="EntropyMaximizationLoss"),
        dict(type="AsymmetricPseudoLabelLoss", num_images=4),
        dict(type="GeneralizedRobustLoss"),
        dict(type="OnlineLabelEstimationLoss", num_images=4, num_classes=3, expected_positives=1),
        dict(type="ClassAwareSelectiveLoss"),
        dict(type="ClassBalancedLoss", loss=dict(type="LargeLoss")),
    ],
    ids=lambda inner: inner["type"],
)
def test_losses_that_use_unknown_labels_raise(inner):
    with pytest.raises(ValueError, match=r"must not contain a \w+, because that loss uses unknown labels"):
        MODELS.build(dict(type=NAME, loss=inner))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(likelihood_topk=-1), "'likelihood_topk' argument of SelectiveNegativeLoss must be at least 0"),
        (
            dict(topk_scope="row"),
            "'topk_scope' argument of SelectiveNegativeLoss must be one of 'batch', 'image'. Got 'row'",
        ),
    ],
)
def test_invalid_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        MODELS.build(dict(type=NAME, loss=PLAIN, **arguments))


def test_a_prior_of_the_wrong_length_raises():
    with pytest.raises(ValueError, match=r"one number for each of the 3 classes. Got the shape \(2,\)"):
        build(dict(type=NAME, loss=PLAIN, class_prior=[0.1, 0.2]))
