"""Statements of docs/concepts.md about unknown labels in MMPretrain, one test per row of its table."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from mmpretrain.datasets import VOC
from mmpretrain.evaluation import AveragePrecision
from mmpretrain.registry import MODELS

import mmpretrain_imbalance  # noqa: F401  registers the losses
from tests.configs.annotated_images import write_voc

MMPRETRAIN_LOSSES = (
    dict(type="CrossEntropyLoss", use_sigmoid=True),
    dict(type="AsymmetricLoss"),
    dict(type="FocalLoss"),
)
LOGITS = torch.tensor([[3.0, 6.0]])
COSTS = {"CrossEntropyLoss": 12, "AsymmetricLoss": 3032, "FocalLoss": 60}
LABELS = torch.tensor([[1.0, -1.0]])


@pytest.mark.parametrize("config", MMPRETRAIN_LOSSES, ids=lambda config: config["type"])
def test_losses_use_unknown_labels_as_numbers(config: dict) -> None:
    theirs = MODELS.build(config)(LOGITS, LABELS, reduction_override="none")
    assert theirs[0, 1] == pytest.approx(COSTS[config["type"]], rel=0.01)
    # The wrapper ClassPriorTrackingLoss only excludes unknown elements from the wrapped loss.
    wrapped = MODELS.build(dict(type="ClassPriorTrackingLoss", loss=config)).eval()
    ours = wrapped(LOGITS, LABELS, reduction_override="none")
    torch.testing.assert_close(ours, torch.stack([theirs[0, 0], torch.zeros(())])[None])


def test_the_loss_has_no_lower_bound() -> None:
    loss = MODELS.build(MMPRETRAIN_LOSSES[0])
    values = [
        float(loss(torch.tensor([[logit]]), torch.tensor([[-1.0]]))) for logit in (-10.0, -100.0, -1000.0)
    ]
    assert values == pytest.approx([-10, -100, -1000], rel=1e-3)


def test_average_precision_raises_for_a_class_without_known_label() -> None:
    scores, labels = torch.rand(4, 2), torch.tensor([[1, -1], [0, -1], [1, -1], [0, -1]])
    with pytest.raises(IndexError):
        AveragePrecision.calculate(scores, labels)


def test_difficult_objects_are_trained_as_negatives(tmp_path: Path) -> None:
    write_voc(tmp_path / "voc")
    sample = VOC(str(tmp_path / "voc"), split="trainval").get_data_info(0)
    assert sample["gt_label_difficult"] == [12]
    assert 12 not in sample["gt_label"]  # classes that are not in gt_label are 0 in the one-hot target
