"""Comparison of the data of a result with the data on which thresholds were chosen."""

from __future__ import annotations

import json
import logging

import numpy as np
import pytest
import torch

from mmpretrain_imbalance.datasets import MultiDigits
from mmpretrain_imbalance.metrics import (
    SAME_DATA,
    PartialLabelMetric,
    describe_data,
    read_chosen_on,
    same_data,
)

LABELS = np.array([[1, 0, -1], [-1, 1, 0], [0, 0, 1]])


def known_labels(labels: np.ndarray) -> tuple[int, np.ndarray, np.ndarray, np.ndarray]:
    """Return the arguments of same_data after the description, listed by image."""
    found = [
        (image, index, value)
        for image, row in enumerate(labels.tolist())
        for index, value in enumerate(row)
        if value != -1
    ]
    images, classes, values = map(np.array, zip(*found))
    return len(labels), images, classes, values


def test_any_other_known_label_or_number_of_images_is_other_data() -> None:
    chosen_on = describe_data(object(), *known_labels(LABELS))
    assert same_data(json.loads(json.dumps(chosen_on)), *known_labels(LABELS))
    for image, index in np.ndindex(LABELS.shape):
        for value in {1, 0, -1} - {int(LABELS[image, index])}:
            changed = LABELS.copy()
            changed[image, index] = value
            assert not same_data(chosen_on, *known_labels(changed))
    other_class = np.concatenate([[[1, -1, 0]], LABELS[1:]])  # the same values for the same images
    for index in (1, 3):
        assert known_labels(other_class)[index].tolist() == known_labels(LABELS)[index].tolist()
    assert not same_data(chosen_on, *known_labels(other_class))
    assert not same_data(chosen_on, *known_labels(np.concatenate([LABELS, [[-1, -1, -1]]])))
    assert not same_data(None, *known_labels(LABELS))


def test_description_names_dataset_and_split() -> None:
    dataset = MultiDigits("test", 5, seed=3)
    found = describe_data(dataset, *known_labels(dataset.get_gt_labels()))
    assert {name: found[name] for name in ("dataset", "split", "seed", "num_images")} == dict(
        dataset="MultiDigits", split="test", seed=3, num_images=5
    )


def test_wrapper_is_named_with_its_dataset() -> None:
    class Wrapper:
        dataset = MultiDigits("test", 5, lazy_init=True)

    assert describe_data(Wrapper(), *known_labels(LABELS))["dataset"] == "Wrapper of MultiDigits"


@pytest.mark.parametrize("same", [True, False])
def test_metric_warns_if_its_thresholds_were_chosen_on_the_same_images(
    tmp_path, monkeypatch, same: bool
) -> None:
    chosen_on = describe_data(object(), *known_labels(LABELS if same else LABELS[::-1]))
    content = dict(classes=["a", "b", "c"], thresholds=[0.5, 0.5, 0.5], chosen_on=chosen_on)
    (tmp_path / "thresholds.json").write_text(json.dumps(content))
    assert read_chosen_on(tmp_path / "thresholds.json") == chosen_on
    metric = PartialLabelMetric(thresholds=str(tmp_path / "thresholds.json"), class_counts=[1, 1, 1])
    metric.dataset_meta = dict(classes=["a", "b", "c"])
    for row in LABELS:  # the scores do not matter
        metric.process(None, [dict(pred_score=torch.rand(3), gt_score=torch.tensor(row))])
    logged: list[str] = []
    monkeypatch.setattr(
        "mmpretrain_imbalance.metrics.partial_label_metric.print_log",
        lambda text, logger, level=logging.INFO: logged.append(text),
    )
    metric.evaluate(len(LABELS))
    assert logged == ([SAME_DATA] if same else [])
