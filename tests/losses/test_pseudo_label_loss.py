"""Pseudo-labels inside a loss: thresholds, weights and warm-up."""

from __future__ import annotations

import pytest
import torch
from mmpretrain.registry import MODELS

from tests.losses.smallest_losses import PLAIN, build, prepare

LOGITS = torch.tensor([[4.0, 0.0, -4.0]])
UNKNOWN = torch.full((1, 3), -1)


def losses_of(epoch=8, labels=UNKNOWN, **arguments):
    loss = build(dict(type="PseudoLabelLoss", loss=PLAIN, **arguments), epoch=epoch)
    return loss(LOGITS, labels, reduction_override="none")


def softplus(x):
    return torch.nn.functional.softplus(torch.tensor(x)).item()


def test_confident_predictions_become_labels():
    torch.testing.assert_close(
        losses_of(weight=0.5), torch.tensor([[0.5 * softplus(-4.0), 0.0, 0.5 * softplus(-4.0)]])
    )


def test_soft_pseudo_labels():
    p = torch.sigmoid(torch.tensor(4.0)).item()
    each = p * softplus(-4.0) + (1 - p) * softplus(4.0)
    torch.testing.assert_close(losses_of(hard=False), torch.tensor([[each, 0.0, each]]))


@pytest.mark.parametrize(("epoch", "fraction"), [(0, 0), (4, 0), (5, 0.5), (6, 1), (9, 1)])
def test_the_weight_is_a_function_of_the_epoch(epoch, fraction):
    torch.testing.assert_close(losses_of(epoch, ramp_epochs=2), fraction * losses_of())


def test_known_elements_do_not_change():
    labels = torch.tensor([[0, 1, 1]])
    torch.testing.assert_close(
        losses_of(labels=labels), build(PLAIN)(LOGITS, labels, reduction_override="none")
    )


def test_validation_sees_the_annotation():
    loss = build(dict(type="PseudoLabelLoss", loss=PLAIN)).eval()
    assert loss(LOGITS, UNKNOWN).item() == 0


def test_csl_selects_among_the_remaining_unknown_elements():
    loss = MODELS.build(
        dict(type="PseudoLabelLoss", loss=dict(type="ClassAwareSelectiveLoss"), warmup_epochs=0)
    )
    prepare(loss)
    elements = loss(LOGITS, UNKNOWN, reduction_override="none")
    assert elements[0, 1] == 0  # the element of highest probability among those that are still unknown


@pytest.mark.parametrize("name", ["weight", "warmup_epochs", "ramp_epochs"])
def test_a_negative_argument_raises(name):
    with pytest.raises(ValueError, match=f"'{name}' argument of PseudoLabelLoss must be .* Got -0.5 instead"):
        MODELS.build(dict(type="PseudoLabelLoss", loss=PLAIN, **{name: -0.5}))


@pytest.mark.parametrize("thresholds", [(0.5, 0.6), (1.5, 0.1), (0.9, -0.1)])
def test_invalid_arguments(thresholds):
    with pytest.raises(
        ValueError, match=r"'negative_threshold' and 'positive_threshold' arguments of PseudoLabelLoss"
    ):
        MODELS.build(
            dict(
                type="PseudoLabelLoss",
                loss=PLAIN,
                positive_threshold=thresholds[0],
                negative_threshold=thresholds[1],
            )
        )
