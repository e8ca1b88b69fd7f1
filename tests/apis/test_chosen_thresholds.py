"""Thresholds of the inferencer: priority of their sources, and agreement with the head."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmpretrain_imbalance.apis import MultiLabelInferencer
from mmpretrain_imbalance.apis.chosen_thresholds import chosen_thresholds
from mmpretrain_imbalance.utils.class_values import write_named_values
from tests.apis.predictable_model import CLASSES, with_head, write_images, write_model


def test_thresholds_of_argument_checkpoint_and_default(tmp_path: Path) -> None:
    config, checkpoint = write_model(
        tmp_path, thresholds=dict(classes=CLASSES[::-1], thresholds=[0.3, 0.2, 0.1])
    )
    stored = MultiLabelInferencer(config, checkpoint, device="cpu")
    assert (stored.threshold_source, stored.thresholds.tolist()) == ("checkpoint", [0.1, 0.2, 0.3])
    write_named_values(
        tmp_path / "thresholds.json", ["square", "star", "circle"], {"thresholds": [0.7, 0.8, 0.9]}
    )
    (tmp_path / "thresholds.json").rename(tmp_path / "given.json")
    given = MultiLabelInferencer(config, checkpoint, thresholds=tmp_path / "given.json", device="cpu")
    assert (given.threshold_source, given.thresholds.tolist()) == ("argument", [0.9, 0.7, 0.8])
    config, checkpoint = write_model(tmp_path)
    plain = MultiLabelInferencer(config, checkpoint, device="cpu")
    assert (plain.threshold_source, plain.thresholds.tolist()) == ("default", [0.5, 0.5, 0.5])


def test_file_beside_the_checkpoint_precedes_the_checkpoint(tmp_path: Path) -> None:
    stored = dict(classes=CLASSES, thresholds=[0.1, 0.2, 0.3])
    config, checkpoint = write_model(tmp_path, thresholds=stored, iter=40)
    columns = {"thresholds": [0.7, 0.8, 0.9]}
    file = tmp_path / "thresholds.json"
    write_named_values(
        file, ["square", "star", "circle"], columns, dict(iter=40, chosen_on=dict(split="val"))
    )
    inferencer = MultiLabelInferencer(config, checkpoint, device="cpu")
    assert (inferencer.threshold_source, inferencer.thresholds.tolist()) == ("file", [0.9, 0.7, 0.8])
    renamed = MultiLabelInferencer(config, checkpoint, classes=["a", "b", "c"], device="cpu")
    assert renamed.thresholds.tolist() == [0.9, 0.7, 0.8]
    found = chosen_thresholds(None, None, stored, CLASSES, "predict", file=file)
    assert found.chosen_on == dict(split="val")
    head = with_head(config, thr=[0.4, 0.5, 0.6])
    assert MultiLabelInferencer(head, checkpoint, device="cpu").threshold_source == "head"

    write_named_values(file, ["square", "star", "circle"], columns, dict(iter=20))
    other_weights = MultiLabelInferencer(config, checkpoint, device="cpu")
    assert (other_weights.threshold_source, other_weights.thresholds.tolist()) == (
        "checkpoint",
        [0.1, 0.2, 0.3],
    )

    file.write_text('{"classes": ["star"], "thresholds": [0.2], "default": 0.6}')
    by_hand = MultiLabelInferencer(config, checkpoint, device="cpu")
    assert (by_hand.threshold_source, by_hand.thresholds.tolist()) == ("file", [0.6, 0.6, 0.2])

    file.write_text("{")
    with pytest.raises(ValueError, match=r"The file .*thresholds\.json must be complete JSON"):
        MultiLabelInferencer(config, checkpoint, device="cpu")
    assert (
        MultiLabelInferencer(config, checkpoint, thresholds=0.5, device="cpu").threshold_source == "argument"
    )


def test_labels_agree_with_the_thresholds_of_the_head(tmp_path: Path) -> None:
    """Thresholds per class of the head precede those of the checkpoint, which precede one threshold of it."""
    config, checkpoint = write_model(tmp_path, thresholds=dict(classes=CLASSES, thresholds=[0.3, 0.2, 0.1]))
    write_named_values(
        tmp_path / "thresholds.csv", ["star", "square", "circle"], {"thresholds": [0.4, 0.5, 0.6]}
    )
    cfg = with_head(config, thr=str(tmp_path / "thresholds.csv"))
    inferencer = MultiLabelInferencer(cfg, checkpoint, device="cpu", classes=["a", "b", "c"])
    assert (inferencer.threshold_source, inferencer.thresholds.tolist()) == ("head", [0.6, 0.5, 0.4])
    images = write_images(tmp_path / "images")
    for path in (path for path, fault in images.items() if fault is None and "huge" not in path):
        data, _ = inferencer.pipeline(path)
        (sample,) = inferencer.model.test_step(
            dict(inputs=[data["inputs"]], data_samples=[data["data_samples"]])
        )
        predicted = {"abc"[index] for index in sample.pred_label.tolist()}
        assert set(inferencer(path, progress=False)[0].labels) == predicted
    number = with_head(config, thr=0.7)
    assert MultiLabelInferencer(number, checkpoint, device="cpu").threshold_source == "checkpoint"
    config, checkpoint = write_model(tmp_path)
    inferencer = MultiLabelInferencer(with_head(config, thr=0.7), checkpoint, device="cpu")
    assert (inferencer.threshold_source, inferencer.thresholds.tolist()) == ("head", [0.7] * 3)
    with pytest.raises(ValueError, match="without 'star'"):
        MultiLabelInferencer(with_head(config, thr=dict(circle=0.5, square=0.5)), checkpoint, device="cpu")


def test_new_class_names_keep_the_order_of_checkpoint_thresholds(tmp_path: Path) -> None:
    stored = dict(classes=CLASSES[::-1], thresholds=[0.3, 0.2, 0.1])
    config, checkpoint = write_model(tmp_path, thresholds=stored)
    for names in (["a", "b", "c"], [CLASSES[1], CLASSES[0], CLASSES[2]]):
        renamed = MultiLabelInferencer(config, checkpoint, classes=names, device="cpu")
        assert (renamed.threshold_source, renamed.thresholds.tolist()) == ("checkpoint", [0.1, 0.2, 0.3])


def test_single_threshold_may_be_a_numpy_number(tmp_path: Path) -> None:
    inferencer = MultiLabelInferencer(*write_model(tmp_path), thresholds=np.float32(0.25), device="cpu")
    assert inferencer.thresholds.tolist() == [0.25] * 3
