"""Number of unannotated positives per image: against plain loops, and against simulated annotations."""

from __future__ import annotations

import numpy as np
import pytest

from mmpretrain_imbalance.functional import UNKNOWN, missing_positives
from mmpretrain_imbalance.functional.missing_positives import has_fixed_number, negative_fraction
from mmpretrain_imbalance.functional.simulation import simulate_partial_labels

IMAGES = 2000
TRUE_PRIOR = np.array([0.5, 0.2, 0.1, 0.05, 0.02, 0.3, 0.15])


def full_labels() -> np.ndarray:
    return (np.random.default_rng(0).random((IMAGES, len(TRUE_PRIOR))) < TRUE_PRIOR).astype(np.int8)


def counts(labels: np.ndarray) -> list[np.ndarray]:
    return [(labels == value).sum(axis=0) for value in (1, 0, UNKNOWN)]


def by_hand(positives, negatives, unknown, prior=None) -> float:
    """Add up the estimates of the classes one by one."""
    num_images, total = positives[0] + negatives[0] + unknown[0], 0.0
    for c in range(len(positives)):
        if prior is None:
            known = positives[c] + negatives[c]
            total += unknown[c] * positives[c] / known if known else 0
        else:
            total += min(max(num_images * prior[c] - positives[c], 0), unknown[c])
    return total / num_images


@pytest.mark.parametrize("ratio", [0.3, 0.9])
def test_labels_that_are_missing_at_random(ratio: float) -> None:
    full = full_labels()
    partial = simulate_partial_labels(full, "rps", seed=1, probability=ratio)
    missing = ((full == 1) & (partial == UNKNOWN)).sum() / IMAGES
    found = missing_positives(*counts(partial))
    assert found == pytest.approx(by_hand(*counts(partial)))
    assert found == pytest.approx(missing, rel=0.1)
    # The frequencies of the known labels are used, and not a prior.
    assert missing_positives(*counts(partial), np.full(7, 0.9)) == found


def test_a_fixed_number_per_class_needs_a_prior() -> None:
    full = full_labels()
    partial = simulate_partial_labels(full, "fpc", seed=1, num_labels=20)
    missing = ((full == 1) & (partial == UNKNOWN)).sum() / IMAGES
    assert by_hand(*counts(partial)) > 2 * missing  # the frequency of every class is 1/2
    assert missing_positives(*counts(partial)) == 1
    found = missing_positives(*counts(partial), TRUE_PRIOR)
    assert found == pytest.approx(by_hand(*counts(partial), TRUE_PRIOR))
    assert found == pytest.approx(missing, rel=0.1)


@pytest.mark.parametrize("num_labels", [5, 20, 80])
def test_a_fixed_number_is_recognized_although_most_classes_have_fewer_positives(num_labels: int) -> None:
    """As in Corel5k: of 260 words, 118 have fewer than 20 images."""
    frequency = 0.2 / np.arange(1, 101)
    full = (np.random.default_rng(0).random((IMAGES, 100)) < frequency).astype(int)
    fixed = counts(simulate_partial_labels(full, "fpc", seed=0, num_labels=num_labels))
    assert (fixed[0] < num_labels).mean() > 0.5 or num_labels == 5
    assert has_fixed_number(*fixed)


def test_a_part_of_the_images_has_only_about_a_fixed_number() -> None:
    """As in a training part of Corel5k with 80 labels per class: half of the classes have 64 negatives."""
    negatives = np.r_[np.full(46, 64), 61 + np.arange(54) % 7]
    positives = np.minimum(1 + np.arange(100), 64)
    assert has_fixed_number(positives, negatives, 3600 - positives - negatives)


@pytest.mark.parametrize("known", [0.05, 0.2, 0.5, 0.9])
@pytest.mark.parametrize("num_classes", [8, 30, 100])
def test_random_labels_and_complete_images_have_no_fixed_number(known: float, num_classes: int) -> None:
    frequency = 0.4 / np.arange(1, num_classes + 1)
    full = (np.random.default_rng(0).random((IMAGES, num_classes)) < frequency).astype(int)
    random = simulate_partial_labels(full, "rps", seed=0, probability=1 - known)
    assert not has_fixed_number(*counts(random))
    full[int(known * IMAGES) :] = UNKNOWN
    assert not has_fixed_number(*counts(full))


def test_positives_only_need_a_prior() -> None:
    partial = np.where(full_labels() == 1, 1, UNKNOWN)
    partial[: IMAGES // 2] = UNKNOWN
    assert missing_positives(*counts(partial)) == 1
    prior = [0.9, 0.2, 0.0, 0.05, 0.02, 0.3, 1.0]
    assert missing_positives(*counts(partial), prior) == pytest.approx(by_hand(*counts(partial), prior))


def test_nothing_is_missing_from_complete_labels() -> None:
    assert missing_positives(*counts(full_labels())) == 0
    assert missing_positives(*counts(full_labels()), TRUE_PRIOR) == 0


def test_classes_without_labels_and_without_positives() -> None:
    assert missing_positives([0, 4, 3, 1], [0, 4, 0, 9], [10, 2, 7, 0]) == pytest.approx((1 + 7) / 10)
    assert negative_fraction([0, 0], [3, 4]) == 0
    assert negative_fraction([0, 1, 2], [1, 0, 4]) == 0.5


@pytest.mark.parametrize(
    ("equal", "num_classes", "expected"),
    [(2, 2, False), (2, 3, False), (3, 3, True), (4, 8, False), (5, 8, True), (9, 20, False), (10, 20, True)],
)
def test_a_few_classes_with_equal_numbers_are_chance(equal: int, num_classes: int, expected: bool) -> None:
    positives = 1 + 4 * np.arange(num_classes)
    negatives = np.r_[np.full(equal, 20), 30 + np.arange(num_classes - equal)]
    assert has_fixed_number(positives, negatives, 200 - positives) == expected
    assert not has_fixed_number(positives, negatives * 0, 200 - positives)
    assert not has_fixed_number(positives, negatives, positives * 0)
