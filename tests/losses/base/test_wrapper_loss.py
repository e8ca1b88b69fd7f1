"""What may be put around what, and what a wrapper hands on."""

from __future__ import annotations

import pytest
import torch
from mmpretrain.registry import MODELS
from torch import nn

from mmpretrain_imbalance.losses import MMPretrainLossAdapter
from tests.losses.smallest_losses import PLAIN, SMALLEST, WRAPPERS, build, tables, tell


@pytest.mark.parametrize("name", WRAPPERS)
@pytest.mark.parametrize(
    "inner", [dict(type="LeNet5"), nn.Linear(1, 1), nn.BCEWithLogitsLoss(), "bce", None], ids=str
)
def test_something_that_is_no_loss(name, inner):
    with pytest.raises(TypeError, match=rf"'loss' argument of {name} must be a loss: .* Got .* instead"):
        MODELS.build(dict(type=name, loss=inner))


@pytest.mark.parametrize("name", WRAPPERS)
def test_a_wrapper_in_its_own_kind(name):
    between = "ClassPriorTrackingLoss" if name != "ClassPriorTrackingLoss" else "PseudoLabelLoss"
    with pytest.raises(ValueError, match=rf"'loss' argument of {name} must not hold another {name}"):
        MODELS.build(dict(type=name, loss=dict(type=between, loss=SMALLEST[name])))


def test_pseudo_labels_around_masking_are_refused_with_the_reason():
    with pytest.raises(
        ValueError,
        match=r"PseudoLabelLoss must not hold a PartialLabelMaskingLoss: the ratios .* of the annotation",
    ):
        MODELS.build(dict(type="PseudoLabelLoss", loss=SMALLEST["PartialLabelMaskingLoss"]))


@pytest.mark.parametrize("name", WRAPPERS)
def test_softmax_losses_are_refused(name):
    for host in ("CrossEntropyLoss", "AsymmetricLoss"):
        with pytest.raises(ValueError, match=rf"one sigmoid a class: .* Got {host} with use_sigmoid=False"):
            MODELS.build(dict(type=name, loss=dict(type=host, use_sigmoid=False)))


def test_losses_without_a_value_per_element_are_refused_when_called():
    class RowLoss(nn.Module):
        def forward(self, pred, target, reduction_override=None):
            return pred.sum(dim=1)

    loss = build(dict(type="ClassPriorTrackingLoss", loss=RowLoss()))
    with pytest.raises(ValueError, match=r"RowLoss gives \(6,\) instead; .* one sigmoid a class is needed"):
        loss(*tables())


@pytest.mark.parametrize(
    "outer",
    ["ClassBalancedLoss", "ClassPriorTrackingLoss", "LabelSpaceReductionLoss", "StatisticsBalancedLoss"],
)
def test_the_bound_of_class_factors_comes_with_the_reduction(outer):
    masking = dict(type="PartialLabelMaskingLoss", loss=PLAIN, max_class_factor=2.0)
    assert build(dict(type=outer, loss=masking)).max_class_factor == 2.0
    assert build(dict(type=outer, loss=masking, reduction="kept_per_class")).max_class_factor == 10.0


@pytest.mark.parametrize("name", SMALLEST)
def test_the_default_is_the_mean_over_images(name):
    logits, labels = tables()
    loss = build(SMALLEST[name])
    table = loss(logits, labels, reduction_override="none")
    tell(loss)  # the same iteration draws the same
    assert loss.reduction == "mean_images"
    torch.testing.assert_close(loss(logits, labels), table.sum() / 6)


@pytest.mark.parametrize("name", WRAPPERS)
def test_the_reduction_is_that_of_the_held_loss_unless_it_is_given(name):
    logits, labels = tables()
    held = dict(PLAIN, reduction="sum")
    for config, by in (
        (dict(SMALLEST[name], loss=held), 1),
        (dict(SMALLEST[name], loss=held, reduction="mean"), 18),
        (dict(SMALLEST[name], reduction="mean"), 18),
        (dict(SMALLEST[name], loss=dict(type="CrossEntropyLoss", use_sigmoid=True, reduction="sum")), 6),
    ):
        loss = build(config).eval()
        table = loss(logits, labels, reduction_override="none")
        torch.testing.assert_close(loss(logits, labels), table.sum() / by)


HOSTS = (
    dict(type="CrossEntropyLoss", use_sigmoid=True),
    dict(type="FocalLoss"),
    dict(type="AsymmetricLoss"),
    dict(type="LabelSmoothLoss", mode="multi_label", label_smooth_val=0.1, num_classes=3),
)


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host["type"])
def test_soft_labels_cost_host_losses_the_mean_of_both_labels(host):
    logits, _ = tables()
    logits = logits.detach()

    def elements(label: float) -> torch.Tensor:
        loss = MMPretrainLossAdapter(MODELS.build(host))
        return loss(logits, torch.full_like(logits, label), reduction_override="none")

    torch.testing.assert_close(elements(0.3), 0.3 * elements(1.0) + 0.7 * elements(0.0))


@pytest.mark.parametrize("name", WRAPPERS)
def test_takes_modules_and_their_weight(name):
    logits, labels = tables()
    config = dict(SMALLEST[name], reduction="mean_images")
    single = build(config).eval()(logits, labels)
    inner = MODELS.build(dict(PLAIN, loss_weight=3.0))
    triple = build(dict(config, loss=inner)).eval()(logits, labels)
    torch.testing.assert_close(triple, 3 * single)


def test_the_host_keeps_its_own_arguments():
    """`reduction_override` must not swallow class weights."""
    logits, labels = tables()
    weights = [1.0, 2.0, 4.0]
    host = MMPretrainLossAdapter(
        MODELS.build(dict(type="CrossEntropyLoss", use_sigmoid=True, class_weight=weights, loss_weight=0.5))
    )
    plain = MMPretrainLossAdapter(MODELS.build(dict(type="CrossEntropyLoss", use_sigmoid=True)))
    torch.testing.assert_close(
        host(logits, labels, reduction_override="none"),
        0.5 * torch.tensor(weights) * plain(logits, labels, reduction_override="none"),
    )


def test_a_whole_composition_takes_a_step():
    config = dict(
        type="PartialLabelMaskingLoss",
        loss=dict(
            type="StatisticsBalancedLoss",
            loss=dict(type="PseudoLabelLoss", loss=dict(type="ClassAwareSelectiveLoss"), warmup_epochs=0),
        ),
    )
    logits, labels = tables(30)
    loss = build(dict(type="ClassPriorTrackingLoss", loss=config))(logits, labels)
    loss.backward()
    assert loss.isfinite()
    assert logits.grad.isfinite().all()


@pytest.mark.parametrize(
    ("outer", "inner"),
    [
        ("PseudoLabelLoss", "PriorMatchedPseudoLabelLoss"),
        ("PriorMatchedPseudoLabelLoss", "PseudoLabelLoss"),
    ],
)
def test_a_wrapper_does_not_hold_its_own_kind(outer, inner):
    message = f"'loss' argument of {outer} must not hold a {inner}: one would undo the other"
    with pytest.raises(ValueError, match=message):
        MODELS.build(dict(type=outer, loss=dict(type=inner, loss=dict(type="PartialAsymmetricLoss"))))
