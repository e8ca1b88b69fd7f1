from __future__ import annotations

from collections import Counter

import numpy as np

from mmpretrain_imbalance.datasets.samplers.class_aware import ClassAwareSampler
from tests.datasets.label_table import LabelTable, long_tailed_table


def expected_draws(table, size, without_positives):
    """How often each image is drawn on average, by a loop over classes and their images."""
    with_positive = [any(row == 1) for row in table]
    num_others = with_positive.count(False)
    fraction = without_positives * num_others / (sum(with_positive) + without_positives * num_others)
    seen = [c for c in range(table.shape[1]) if (table[:, c] == 1).any()]
    expected = np.zeros(len(table))
    for image, row in enumerate(table):
        if not with_positive[image]:
            expected[image] = size * fraction / num_others
        for c in seen:
            if row[c] == 1:
                expected[image] += size * (1 - fraction) / len(seen) / (table[:, c] == 1).sum()
    return expected


def test_expected_draws_are_those_of_a_loop() -> None:
    table = long_tailed_table(40)
    table[:, 2] = np.minimum(table[:, 2], 0)  # a class without positives
    for without_positives in (0, 1, 2.5):
        sampler = ClassAwareSampler(
            LabelTable(table), seed=0, without_positives=without_positives, epoch_size=100
        )
        totals = np.zeros(len(table))
        for epoch in range(400):
            sampler.set_epoch(epoch)
            totals += np.bincount(list(sampler), minlength=len(table))
        expected = expected_draws(table, 100, without_positives)
        assert (totals[expected == 0] == 0).all()
        np.testing.assert_allclose(totals / 400, expected, atol=0.25, rtol=0.05)


def test_classes_and_their_images_come_in_rounds() -> None:
    """One class an image, so that the class of each draw is known."""
    classes = np.array([0] * 12 + [1] * 4 + [2] * 2)
    table = np.where(classes[:, None] == np.arange(3), 1, 0)
    drawn = np.array(list(ClassAwareSampler(LabelTable(table), seed=1, epoch_size=36)))
    for start in range(0, 36, 3):
        assert sorted(classes[drawn[start : start + 3]]) == [0, 1, 2]
    for class_index, times in ((0, 1), (1, 3), (2, 6)):
        counts = Counter(drawn[classes[drawn] == class_index].tolist())
        assert set(counts.values()) == {times}
        own = drawn[classes[drawn] == class_index]
        size = (classes == class_index).sum()
        assert all(len(set(own[start : start + size])) == size for start in range(0, 12, size))


def test_epoch_smaller_than_the_class_list() -> None:
    table = np.eye(10)
    drawn = [list(ClassAwareSampler(LabelTable(table), seed=seed, epoch_size=4)) for seed in range(60)]
    assert all(len(set(draws)) == 4 for draws in drawn)
    assert {image for draws in drawn for image in draws} == set(range(10))
