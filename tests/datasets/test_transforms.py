"""PackPartialInputs and DifficultAsUnknown."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mmpretrain.registry import TRANSFORMS

from mmpretrain_imbalance.datasets import DifficultAsUnknown, PackPartialInputs


def test_packing_keeps_the_fields_of_pack_inputs():
    results = dict(
        img=np.zeros((4, 6, 3), np.uint8),
        gt_score=np.array([1.0, -1.0]),
        sample_idx=5,
        img_path="a.jpg",
        weight=2,
    )
    expected = TRANSFORMS.build(dict(type="PackInputs", algorithm_keys=["weight"]))(results)
    found = TRANSFORMS.build(dict(type="PackPartialInputs", algorithm_keys=["weight"]))(results)
    torch.testing.assert_close(found["inputs"], expected["inputs"])
    torch.testing.assert_close(found["data_samples"].gt_score, expected["data_samples"].gt_score)
    assert found["data_samples"].weight == 2
    assert found["data_samples"].metainfo == expected["data_samples"].metainfo


def test_packing_copies_labels():
    indices, values = np.array([2, 5], dtype=np.uint16), np.array([1, -1], dtype=np.int8)
    indices.flags.writeable = values.flags.writeable = False
    results = dict(gt_label_indices=indices, gt_label_values=values, num_classes=9, default_label=0)
    sample = PackPartialInputs()(results)["data_samples"]
    sample.gt_label_values[0] = 0
    assert values.tolist() == [1, -1]
    assert sample.gt_label_indices.dtype == torch.int64
    assert (sample.num_classes, sample.default_label) == (9, 0)


@pytest.mark.parametrize(
    ("labels", "difficult", "score"),
    [
        ([0], [2], [1, 0, -1]),
        ([0, 2], [2], [1, 0, 1]),
        ([], [0, 1], [-1, -1, 0]),
        ([1], None, [0, 1, 0]),
        ([], [], [0] * 3),
    ],
)
def test_difficult_classes_are_unknown_unless_they_are_positive(labels, difficult, score):
    results = DifficultAsUnknown(num_classes=3)(dict(gt_label=labels, gt_label_difficult=difficult))
    np.testing.assert_array_equal(results["gt_score"], np.array(score, dtype=np.float32))
    assert results["gt_score"].dtype == np.float32
    assert results["gt_label"] == labels


def test_another_field_can_have_the_difficult_classes():
    results = DifficultAsUnknown(num_classes=2, field="crowd")(dict(gt_label=[], crowd=[1]))
    np.testing.assert_array_equal(results["gt_score"], [0, -1])


def test_samples_without_labels_do_not_change():
    assert DifficultAsUnknown(num_classes=2)(dict(gt_label=None)) == dict(gt_label=None)


def test_wrong_classes_and_arguments_raise():
    with pytest.raises(
        ValueError, match=r"'gt_label_difficult' of a sample .* from 0 to 1 .* Got \[2\] at b.jpg"
    ):
        DifficultAsUnknown(num_classes=2)(dict(gt_label=[0], gt_label_difficult=[2], img_path="b.jpg"))
    for num_classes in (0, 2.0, True):
        with pytest.raises(
            ValueError, match="'num_classes' argument of DifficultAsUnknown must be a positive int"
        ):
            DifficultAsUnknown(num_classes=num_classes)
