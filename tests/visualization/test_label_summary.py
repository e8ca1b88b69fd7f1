from __future__ import annotations

import json
from importlib import import_module

import numpy as np
import pytest
from torch.utils.data import ConcatDataset, Subset

from mmpretrain_imbalance.visualization import summarize_labels
from tests.datasets.label_table import LabelTable, long_tailed_table


def count_in_loop(table, head):
    """Count histograms and co-occurrences in a loop over images."""
    num_classes = table.shape[1]
    positives, known = np.zeros(num_classes + 1, int), np.zeros(num_classes + 1, int)
    together, judged = np.zeros((2, len(head), len(head)), int)
    for row in table:
        positives[sum(row == 1)] += 1
        known[sum(row != -1)] += 1
        for i, first in enumerate(head):
            for j, second in enumerate(head):
                together[i, j] += row[first] == 1 and row[second] == 1
                judged[i, j] += row[first] == 1 and row[second] != -1
    return positives, known, together, judged


@pytest.mark.parametrize("chunk", [2**20, 60])
@pytest.mark.parametrize("default_label", [0, -1])
def test_summary_agrees_with_a_loop(monkeypatch, default_label, chunk) -> None:
    monkeypatch.setattr(import_module("mmpretrain_imbalance.datasets.dataset_labels"), "_CHUNK", chunk)
    table = long_tailed_table(120)
    steps = []
    dataset = ConcatDataset(
        [LabelTable(table, default_label=default_label), Subset(LabelTable(table), [3, 3, 9])]
    )
    summary = summarize_labels(dataset, group_thresholds=(5, 20), num_head=4, progress=steps.append)
    seen = np.concatenate([table, table[[3, 3, 9]]])
    assert sum(steps) == summary.num_images == 123
    counts = [(seen == 1).sum(axis=0), (seen == 0).sum(axis=0), (seen == -1).sum(axis=0)]
    np.testing.assert_array_equal(
        [summary.counts.positives, summary.counts.negatives, summary.counts.unknown], counts
    )
    assert summary.head.tolist() == sorted(range(6), key=lambda c: (-counts[0][c], c))[:4]
    expected = count_in_loop(seen, summary.head)
    found = summary.positives_per_image, summary.known_per_image, summary.together, summary.judged
    for actual, desired in zip(found, expected):
        np.testing.assert_array_equal(actual, desired)
    assert summary.known_fraction == pytest.approx((seen != -1).mean())
    assert summary.imbalance_factor == counts[0].max() / counts[0].min()


def test_json_contains_every_class_and_group() -> None:
    summary = summarize_labels(LabelTable(long_tailed_table(120)), group_thresholds=(5, 20))
    content = json.loads(json.dumps(summary.to_dict()))
    assert [entry["name"] for entry in content["classes"]] == [f"class {c}" for c in range(6)]
    for entry in content["classes"]:
        assert entry["positives"] + entry["negatives"] + entry["unknown"] == 120
        count = entry["positives"]
        assert entry["group"] == ("head" if count > 20 else "tail" if count < 5 else "middle")
    for name, group in content["groups"].items():
        members = [entry for entry in content["classes"] if entry["group"] == name]
        assert group["classes"] == len(members)
        assert group["negatives"] == sum(entry["negatives"] for entry in members)


def test_dataset_without_known_labels() -> None:
    summary = summarize_labels(LabelTable(-np.ones((5, 3))))
    assert (summary.known_fraction, summary.imbalance_factor) == (0, None)
    assert summary.known_per_image.tolist() == [5, 0, 0, 0]
    assert summary.together.shape == (0, 0)


def test_group_thresholds_at_quantiles_and_invalid_ones() -> None:
    dataset = LabelTable(long_tailed_table(120))
    assert [
        members.sum() for members in summarize_labels(dataset, group_quantiles=(1 / 3, 2 / 3)).groups.values()
    ] == [2, 2, 2]
    with pytest.raises(
        ValueError, match="'group_thresholds' argument of class_groups must be two numbers in ascending"
    ):
        summarize_labels(dataset, (100, 20))
