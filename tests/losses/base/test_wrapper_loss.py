"""Wrappers: compositions that are allowed, and the inputs and outputs of the wrapped loss."""

from __future__ import annotations

import pytest
import torch
from mmpretrain.registry import MODELS
from torch import nn

from mmpretrain_imbalance.losses import MMPretrainLossAdapter
from tests.losses.smallest_losses import PLAIN, SMALLEST, WRAPPERS, build, prepare, random_batch


@pytest.mark.parametrize("name", WRAPPERS)
@pytest.mark.parametrize(
    "inner", [dict(type="LeNet5"), nn.Linear(1, 1), nn.BCEWithLogitsLoss(), "bce", None], ids=str
)
def test_objects_that_are_not_losses(name, inner):
    with pytest.raises(TypeError, match=rf"'loss' argument of {name} must be a loss: .* Got .* instead"):
        MODELS.build(dict(type=name, loss=inner))


@pytest.mark.parametrize("name", WRAPPERS)
def test_a_wrapper_must_not_contain_its_own_class(name):
    between = "ClassPriorTrackingLoss" if name != "ClassPriorTrackingLoss" else "PseudoLabelLoss"
    with pytest.raises(ValueError, match=rf"'loss' argument of {name} must not contain another {name}"):
        MODELS.build(dict(type=name, loss=dict(type=between, loss=SMALLEST[name])))


def test_pseudo_labels_around_masking_raise_with_the_reason():
    with pytest.raises(
        ValueError,
        match=r"PseudoLabelLoss must not contain a PartialLabelMaskingLoss, because the ratios .* annotation",
    ):
        MODELS.build(dict(type="PseudoLabelLoss", loss=SMALLEST["PartialLabelMaskingLoss"]))


@pytest.mark.parametrize("name", WRAPPERS)
def test_softmax_losses_raise(name):
    for config in ("CrossEntropyLoss", "AsymmetricLoss"):
        with pytest.raises(
            ValueError, match=rf"one sigmoid per class, .* Got {config} with use_sigmoid=False"
        ):
            MODELS.build(dict(type=name, loss=dict(type=config, use_sigmoid=False)))


def test_losses_without_one_value_per_element_raise_when_called():
    class RowLoss(nn.Module):
        def forward(self, pred, target, reduction_override=None):
            return pred.sum(dim=1)

    loss = build(dict(type="ClassPriorTrackingLoss", loss=RowLoss()))
    with pytest.raises(
        ValueError, match=r"Got the shape \(6,\) from RowLoss instead. Use a loss with one sigmoid per class"
    ):
        loss(*random_batch())


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
    logits, labels = random_batch()
    loss = build(SMALLEST[name])
    losses = loss(logits, labels, reduction_override="none")
    prepare(loss)  # the same iteration has the same random numbers
    assert loss.reduction == "mean_images"
    torch.testing.assert_close(loss(logits, labels), losses.sum() / 6)


@pytest.mark.parametrize("name", WRAPPERS)
def test_the_default_reduction_is_that_of_the_wrapped_loss(name):
    logits, labels = random_batch()
    wrapped = dict(PLAIN, reduction="sum")
    for config, by in (
        (dict(SMALLEST[name], loss=wrapped), 1),
        (dict(SMALLEST[name], loss=wrapped, reduction="mean"), 18),
        (dict(SMALLEST[name], reduction="mean"), 18),
        (dict(SMALLEST[name], loss=dict(type="CrossEntropyLoss", use_sigmoid=True, reduction="sum")), 6),
    ):
        loss = build(config).eval()
        losses = loss(logits, labels, reduction_override="none")
        torch.testing.assert_close(loss(logits, labels), losses.sum() / by)


MMPRETRAIN_LOSSES = (
    dict(type="CrossEntropyLoss", use_sigmoid=True),
    dict(type="FocalLoss"),
    dict(type="AsymmetricLoss"),
    dict(type="LabelSmoothLoss", mode="multi_label", label_smooth_val=0.1, num_classes=3),
)


@pytest.mark.parametrize("config", MMPRETRAIN_LOSSES, ids=lambda config: config["type"])
def test_soft_labels_of_mmpretrain_losses_are_the_mean_of_both_labels(config):
    logits, _ = random_batch()
    logits = logits.detach()

    def elements(label: float) -> torch.Tensor:
        loss = MMPretrainLossAdapter(MODELS.build(config))
        return loss(logits, torch.full_like(logits, label), reduction_override="none")

    torch.testing.assert_close(elements(0.3), 0.3 * elements(1.0) + 0.7 * elements(0.0))


@pytest.mark.parametrize("name", WRAPPERS)
def test_wrapped_modules_keep_their_loss_weight(name):
    logits, labels = random_batch()
    config = dict(SMALLEST[name], reduction="mean_images")
    single = build(config).eval()(logits, labels)
    inner = MODELS.build(dict(PLAIN, loss_weight=3.0))
    triple = build(dict(config, loss=inner)).eval()(logits, labels)
    torch.testing.assert_close(triple, 3 * single)


def test_losses_of_mmpretrain_keep_their_arguments():
    """Class weights are used together with `reduction_override`."""
    logits, labels = random_batch()
    weights = [1.0, 2.0, 4.0]
    config = MMPretrainLossAdapter(
        MODELS.build(dict(type="CrossEntropyLoss", use_sigmoid=True, class_weight=weights, loss_weight=0.5))
    )
    plain = MMPretrainLossAdapter(MODELS.build(dict(type="CrossEntropyLoss", use_sigmoid=True)))
    torch.testing.assert_close(
        config(logits, labels, reduction_override="none"),
        0.5 * torch.tensor(weights) * plain(logits, labels, reduction_override="none"),
    )


def test_a_composition_of_wrappers_takes_a_step():
    config = dict(
        type="PartialLabelMaskingLoss",
        loss=dict(
            type="StatisticsBalancedLoss",
            loss=dict(type="PseudoLabelLoss", loss=dict(type="ClassAwareSelectiveLoss"), warmup_epochs=0),
        ),
    )
    logits, labels = random_batch(30)
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
def test_a_wrapper_must_not_contain_a_subclass_or_base_class(outer, inner):
    message = (
        f"'loss' argument of {outer} must not contain a {inner}, because one of them would undo the other"
    )
    with pytest.raises(ValueError, match=message):
        MODELS.build(dict(type=outer, loss=dict(type=inner, loss=dict(type="PartialAsymmetricLoss"))))
