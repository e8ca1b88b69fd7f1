"""Top-1 accuracy and recall per class, against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, recall_score, top_k_accuracy_score

from mmpretrain_imbalance.functional.metrics.top1_accuracy import top1_predictions


def drawn(num_images: int = 80, num_classes: int = 5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(3)
    truth = generator.integers(num_classes - 1, size=num_images)  # the last class has no image
    scores = generator.random((num_images, num_classes)) + 0.4 * np.eye(num_classes)[truth]
    return scores, np.eye(num_classes, dtype=int)[truth], truth


def test_accuracy_and_recall_are_those_of_scikit_learn() -> None:
    scores, labels, truth = drawn()
    found = top1_predictions(scores, labels)
    predicted = scores.argmax(axis=1)
    assert found.accuracy() == pytest.approx(accuracy_score(truth, predicted))
    assert found.accuracy() == pytest.approx(top_k_accuracy_score(truth, scores, k=1, labels=range(5)))
    expected = recall_score(truth, predicted, labels=range(5), average=None, zero_division=np.nan)
    np.testing.assert_allclose(found.class_recall(), expected)
    assert np.isnan(expected[4])


def test_flat_elements_in_any_order_have_the_same_result() -> None:
    scores, labels, truth = drawn()
    images, classes = np.indices(scores.shape)
    order = np.random.default_rng(0).permutation(scores.size)
    flat = [values.ravel()[order] for values in (scores, labels, classes, 7 * images)]
    found = top1_predictions(*flat, num_classes=5)
    assert found.classes.tolist() == truth.tolist()
    assert found.correct.tolist() == (scores.argmax(axis=1) == truth).tolist()


def test_images_count_several_times() -> None:
    scores, labels, truth = drawn()
    times = np.random.default_rng(1).integers(0, 4, len(truth))
    found, repeated = top1_predictions(scores, labels), np.repeat(np.arange(len(truth)), times)
    expected = top1_predictions(scores[repeated], labels[repeated])
    assert found.accuracy(times) == pytest.approx(expected.accuracy())
    np.testing.assert_allclose(found.class_recall(times), expected.class_recall())


def test_the_lower_index_wins_among_equal_scores() -> None:
    found = top1_predictions([[0.5, 0.5], [0.5, 0.5]], [[1, 0], [0, 1]])
    assert found.correct.tolist() == [True, False]


@pytest.mark.parametrize(
    "labels",
    [
        [[1, 1], [0, 1]],
        [[0, 0], [0, 1]],
        [[1, 1], [0, 0]],
        [[1, -1], [0, 1]],
        [[1], [1]],
        np.zeros((0, 2), int),
    ],
    ids=["two", "none", "two and none", "unknown", "one class", "no image"],
)
def test_other_labels_have_no_top1(labels) -> None:
    assert top1_predictions(np.full(np.shape(labels), 0.5), labels) is None


def test_an_element_that_occurs_twice_has_no_top1() -> None:
    assert (
        top1_predictions([0.1, 0.2, 0.3, 0.4], [1, 0, 1, 0], [0, 1, 0, 0], [0, 0, 1, 1], num_classes=2)
        is None
    )
