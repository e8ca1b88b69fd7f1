"""Losses in a model that support unknown labels, and the modules around a module."""

from __future__ import annotations

import copy
import re

import pytest
import torch
from mmpretrain.models.heads import MultiLabelClsHead
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample
from torch import nn

from mmpretrain_imbalance.models.unknown_label_support import modules_around, unsupported_loss

BCE = dict(type="CrossEntropyLoss", use_sigmoid=True)
OURS = dict(type="PartialAsymmetricLoss")


def build(*losses: dict | nn.Module) -> nn.Module:
    """Return a model with one head per loss."""
    model = nn.Module()
    model.heads = nn.ModuleList(
        MultiLabelClsHead(loss=loss if isinstance(loss, nn.Module) else MODELS.build(loss)) for loss in losses
    )
    return model


@pytest.mark.parametrize(
    ("losses", "found"),
    [
        ([OURS], None),
        ([dict(type="SelectiveNegativeLoss", loss=BCE)], None),
        (
            [OURS, OURS, BCE],
            r"'loss' argument of MultiLabelClsHead .* Got CrossEntropyLoss .* model.heads.2.loss=",
        ),
        ([nn.BCEWithLogitsLoss()], "Got BCEWithLogitsLoss instead"),
        ([nn.Identity()], "Got Identity instead"),  # found as the loss_module of the head
        ([dict(type="LabelSmoothLoss", label_smooth_val=0.1)], "Got LabelSmoothLoss instead"),
        ([], "model must have a loss that supports .* Got Module without a loss of mmpretrain_imbalance"),
    ],
)
def test_losses_are_found(losses: list, found: str | None) -> None:
    message = unsupported_loss(build(*losses), "of the reason")
    if found is None:
        assert message is None
    else:
        assert "because of the reason" in message
        assert re.search(found, message)


def test_the_replacement_of_a_softmax_loss_is_no_wrapper() -> None:
    """A wrapper would raise, because it needs one value per element."""
    message = unsupported_loss(build(dict(type="CrossEntropyLoss")), "of the reason")
    assert "Set model.heads.0.loss=dict(type='PartialAsymmetricLoss', unknown='ignore')" in message


def test_modules_around_a_module() -> None:
    inner = nn.Linear(2, 2)
    first, second = nn.Sequential(inner), nn.ModuleDict(dict(name=inner))
    outer = nn.Sequential(first)
    found = modules_around(inner)
    assert {id(module) for module in found} == {id(first), id(second)}
    assert [module is outer for module in modules_around(first)] == [True]
    copied = copy.deepcopy(outer)
    assert modules_around(copied[0][0]) == [copied[0]]
    assert modules_around(outer) == []


def test_a_preprocessor_without_a_model_is_not_checked() -> None:
    preprocessor = MODELS.build(dict(type="PartialLabelDataPreprocessor", num_classes=2))
    preprocessor._check_losses([], 2)
    assert preprocessor.losses_are_checked


def test_a_compiled_step_is_checked() -> None:
    """``compile`` of Runner compiles the training step, and with it the preprocessor."""
    model = MODELS.build(
        dict(
            type="ImageClassifier",
            data_preprocessor=dict(type="PartialLabelDataPreprocessor", num_classes=2),
            backbone=dict(type="SmallConvNet", in_channels=3, channels=(4,)),
            head=dict(type="MultiLabelLinearClsHead", num_classes=2, in_channels=4, loss=BCE),
        )
    )

    def loss() -> torch.Tensor:
        sample = DataSample(gt_score=torch.tensor([1.0, -1.0]))
        batch = model.data_preprocessor(dict(inputs=[torch.zeros(3, 8, 8)], data_samples=[sample]), True)
        return model(**batch, mode="loss")["loss"]

    with pytest.raises(ValueError, match="Got CrossEntropyLoss instead"):
        torch.compile(loss, backend="eager")()
