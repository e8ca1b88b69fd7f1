"""Parts of a training set: disjoint, complete, under the labels of the setting."""

import numpy as np
import pytest
from mmengine.config import Config
from mmpretrain.registry import DATASETS

from mmpretrain_imbalance.apis.comparison.compared_setting import read_setting
from mmpretrain_imbalance.apis.comparison.data_parts import read_data_parts, write_data_parts
from mmpretrain_imbalance.datasets import MultiDigits, label_counts
from mmpretrain_imbalance.functional import simulate_partial_labels

DIGITS = dict(type="MultiDigits", num_images=100, pipeline=[])


@pytest.fixture
def base():
    return Config(dict(train_dataloader=dict(dataset=DIGITS), test_dataloader=dict(dataset=DIGITS)))


@pytest.mark.parametrize("num_folds", [None, 4])
def test_parts_are_disjoint_and_complete(base, tmp_path, num_folds):
    write_data_parts(base, read_setting("rps:0.5"), 1, tmp_path, 0.25, num_folds)
    parts = {path.stem: np.load(path) for path in tmp_path.glob("*.npy")}
    assert set(parts) == {"train", "val"} | ({"test"} if num_folds else set())
    together = np.sort(np.concatenate(list(parts.values())))
    np.testing.assert_array_equal(together, np.arange(100))
    sizes = {name: len(indices) for name, indices in parts.items()}
    expected = {"train": 75, "val": 25} if num_folds is None else {"train": 56, "val": 19, "test": 25}
    assert all(abs(sizes[name] - size) <= 4 for name, size in expected.items())
    read = read_data_parts(tmp_path)
    assert (read.num_samples, read.num_train) == (100, sizes["train"])


def test_folds_of_one_division_cover_all_images(base, tmp_path):
    for seed in range(8):
        write_data_parts(base, read_setting("as_annotated"), seed, tmp_path / str(seed), 0.25, 4)
    tests = [np.load(tmp_path / str(seed) / "test.npy") for seed in range(8)]
    for division in (tests[:4], tests[4:]):
        np.testing.assert_array_equal(np.sort(np.concatenate(division)), np.arange(100))
    assert any(not np.array_equal(first, second) for first, second in zip(tests[:4], tests[4:]))


def test_labels_are_those_of_the_setting_and_counts_for_groups_as_annotated(base, tmp_path):
    write_data_parts(base, read_setting("rps:0.5"), 1, tmp_path, 0.25)
    parts = read_data_parts(tmp_path)
    annotated = MultiDigits(num_images=100, pipeline=[])
    labels = np.stack([annotated.get_data_info(index)["gt_score"] for index in range(100)])
    hidden = simulate_partial_labels(labels, "rps", seed=1, probability=0.5)[np.load(tmp_path / "train.npy")]
    np.testing.assert_array_equal(parts.annotated_positives, (labels == 1).sum(axis=0))
    assert parts.figures.known_fraction == pytest.approx((hidden != -1).mean())
    assert parts.figures.positives_per_image == pytest.approx((hidden == 1).sum() / len(hidden))
    # The dataset that a run trains with has the same labels.
    dataset = parts.subset(read_setting("rps:0.5").dataset(DIGITS, 1), "train")
    counts = label_counts(DATASETS.build(dataset))
    np.testing.assert_array_equal(counts.positives, (hidden == 1).sum(axis=0))
    np.testing.assert_array_equal(counts.negatives, (hidden == 0).sum(axis=0))
