"""BoostLU as an option of the heads."""

from __future__ import annotations

import math

import pytest
import torch
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

import mmpretrain_imbalance  # noqa: F401

LINEAR = dict(type="PartialLabelLinearClsHead")
ATTENTION = dict(type="PartialLabelCSRAClsHead", lam=0.4)
TEMPERATURES = {1: [1], 2: [1, 99], 4: [1, 2, 4, 99]}  # of MMPretrain; 99 means the maximum


def build(kind=LINEAR, **arguments):
    torch.manual_seed(0)
    if kind is ATTENTION:
        arguments.setdefault("num_heads", 2)
    loss = dict(type="PartialAsymmetricLoss")
    head = MODELS.build(dict(kind, num_classes=3, in_channels=4, loss=loss, **arguments)).double()
    for weight in head.parameters():
        torch.nn.init.normal_(weight)
    return head


def features():
    return (torch.randn(2, 4, 3, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1)),)


def positions():
    return [(h, w) for h in range(3) for w in range(5)]


def boosted(value: float, factor: float = 5) -> float:
    return factor * value if value > 0 else value


@pytest.mark.parametrize("training", [True, False])
def test_logits_of_the_linear_head_equal_the_loop(training):
    head = build(boost_lu=5.0).train(training)
    (maps,) = features()
    for n in range(2):
        for c in range(3):
            total = 0.0
            for h, w in positions():
                value = head.fc.bias[c].item() + sum(
                    (head.fc.weight[c, d] * maps[n, d, h, w]).item() for d in range(4)
                )
                total += boosted(value)
            assert head((maps,))[n, c].item() == pytest.approx(total / 15)


def attention_logit(head, maps, n: int, c: int, num_heads: int, factor: float, attend: bool) -> float:
    """Definition of residual attention, as a loop over the positions of each map."""
    logit = 0.0
    for module, temperature in zip(head.csra_heads, TEMPERATURES[num_heads]):
        weight = module.head.weight[c, :, 0, 0]
        length = math.sqrt(sum(value.item() ** 2 for value in weight))
        plain = [
            sum((weight[d] * maps[n, d, h, w]).item() for d in range(4)) / length for h, w in positions()
        ]
        scores = [boosted(value, factor) for value in plain]
        mean = sum(scores) / len(scores)
        attended = scores if attend else plain
        if temperature == 99:
            attention = max(attended)
        else:
            weights = [math.exp(temperature * value) for value in attended]
            attention = sum(w * value for w, value in zip(weights, attended)) / sum(weights)
        logit += mean + 0.4 * attention
    return logit


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("attend", [True, False])
@pytest.mark.parametrize("num_heads", [1, 2, 4])
def test_logits_of_the_attention_head_equal_the_loop(num_heads, attend, training):
    head = build(ATTENTION, num_heads=num_heads, boost_lu=5.0, boosted_attention=attend).train(training)
    (maps,) = features()
    logits = head((maps,))
    for n in range(2):
        for c in range(3):
            expected = attention_logit(head, maps, n, c, num_heads, 5, attend)
            assert logits[n, c].item() == pytest.approx(expected, rel=1e-10)


def test_a_factor_next_to_one_gives_the_logits_and_gradients_of_mmpretrain():
    """Factor 1 uses MMPretrain's forward pass, any other factor the one of this package."""
    results = []
    for factor in (1.0, math.nextafter(1.0, 2.0)) if hasattr(math, "nextafter") else (1.0, 1.0 + 2**-52):
        head = build(ATTENTION, num_heads=4, boost_lu=factor)
        (maps,) = features()
        maps.requires_grad_()
        logits = head((maps,))
        (logits**2).sum().backward()
        results.append([logits, maps.grad, *(module.head.weight.grad for module in head.csra_heads)])
    torch.testing.assert_close(results[0], results[1])


@pytest.mark.parametrize("kind", [LINEAR, ATTENTION], ids=lambda kind: kind["type"])
def test_factor_one_is_the_plain_head(kind):
    torch.testing.assert_close(build(kind, boost_lu=1.0)(features()), build(kind)(features()), rtol=0, atol=0)


@pytest.mark.parametrize("kind", [LINEAR, ATTENTION], ids=lambda kind: kind["type"])
def test_gradients_reach_all_inputs_and_predictions_use_the_boosted_logits(kind):
    head = build(kind, boost_lu=5.0, activation_maps=True).train()
    feats = (features()[0].requires_grad_(),)
    samples = [DataSample().set_gt_score(torch.tensor([1.0, 0.0, -1.0])) for _ in range(2)]
    head.loss(feats, samples)["loss"].backward()
    assert feats[0].grad.abs().sum() > 0
    assert all(weight.grad.abs().sum() > 0 for weight in head.parameters())
    (first, _) = head.eval().predict(feats)
    torch.testing.assert_close(first.pred_score, torch.sigmoid(head(feats)[0]))


def test_state_dict_is_that_of_the_head_without_boost_lu():
    for kind in (LINEAR, ATTENTION):
        assert build(kind, boost_lu=5.0).state_dict().keys() == build(kind).state_dict().keys()


@pytest.mark.parametrize("kind", [LINEAR, ATTENTION], ids=lambda kind: kind["type"])
@pytest.mark.parametrize("factor", [0.5, -5, float("nan"), float("inf"), True, "5", None])
def test_invalid_factors(kind, factor):
    with pytest.raises(ValueError, match=rf"'boost_lu' argument of {kind['type']} must be a number of at"):
        build(kind, boost_lu=factor)


@pytest.mark.parametrize("kind", [LINEAR, ATTENTION], ids=lambda kind: kind["type"])
def test_pooled_features(kind):
    message = r"'feats' argument of Partial\w+ must end in .* Got the shape \(2, 4\) .* Remove the pooling"
    with pytest.raises(ValueError, match=message):
        build(kind, boost_lu=5.0)((torch.zeros(2, 4, dtype=torch.float64),))
