from __future__ import annotations

from collections import Counter

import numpy as np

from mmpretrain_imbalance.datasets.samplers.class_aware import ClassAwareSampler
from tests.datasets.label_table import LabelTable, long_tailed_table


def mean_counts(labels, size, without_positives):
    """Compute how often each image is drawn on average, in a loop over classes and their images."""
    with_positive = [any(row == 1) for row in labels]
    num_others = with_positive.count(False)
    fraction = without_positives * num_others / (sum(with_positive) + without_positives * num_others)
    seen = [c for c in range(labels.shape[1]) if (labels[:, c] == 1).any()]
    expected = np.zeros(len(labels))
    for image, row in enumerate(labels):
        if not with_positive[image]:
            expected[image] = size * fraction / num_others
        for c in seen:
            if row[c] == 1:
                expected[image] += size * (1 - fraction) / len(seen) / (labels[:, c] == 1).sum()
    return expected


def test_mean_counts_are_those_of_a_loop() -> None:
    labels = long_tailed_table(40)
    labels[:, 2] = np.minimum(labels[:, 2], 0)  # a class without positives
    for without_positives in (0, 1, 2.5):
        sampler = ClassAwareSampler(
            LabelTable(labels), seed=0, without_positives=without_positives, epoch_size=100
        )
        totals = np.zeros(len(labels))
        for epoch in range(400):
            sampler.set_epoch(epoch)
            totals += np.bincount(list(sampler), minlength=len(labels))
        expected = mean_counts(labels, 100, without_positives)
        assert (totals[expected == 0] == 0).all()
        np.testing.assert_allclose(totals / 400, expected, atol=0.25, rtol=0.05)


def test_classes_and_their_images_are_drawn_in_rounds() -> None:
    """With one class per image, the class of each drawn image is known."""
    classes = np.array([0] * 12 + [1] * 4 + [2] * 2)
    labels = np.where(classes[:, None] == np.arange(3), 1, 0)
    drawn = np.array(list(ClassAwareSampler(LabelTable(labels), seed=1, epoch_size=36)))
    for start in range(0, 36, 3):
        assert sorted(classes[drawn[start : start + 3]]) == [0, 1, 2]
    for class_index, times in ((0, 1), (1, 3), (2, 6)):
        counts = Counter(drawn[classes[drawn] == class_index].tolist())
        assert set(counts.values()) == {times}
        of_class = drawn[classes[drawn] == class_index]
        size = (classes == class_index).sum()
        assert all(len(set(of_class[start : start + size])) == size for start in range(0, 12, size))


def test_epoch_smaller_than_the_class_list() -> None:
    labels = np.eye(10)
    drawn = [list(ClassAwareSampler(LabelTable(labels), seed=seed, epoch_size=4)) for seed in range(60)]
    assert all(len(set(images)) == 4 for images in drawn)
    assert {image for images in drawn for image in images} == set(range(10))
