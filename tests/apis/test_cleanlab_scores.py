"""Scores of cleanlab: those of its multi-label functions where all labels are known, and partial labels."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from cleanlab.multilabel_classification.filter import find_multilabel_issues_per_class

from mmpretrain_imbalance.apis.cleanlab_scores import cleanlab_scores


def planted(num_images: int = 400, num_classes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities, and labels of which a part contradicts them."""
    rng = np.random.default_rng(0)
    true = rng.random((num_images, num_classes)) < [0.5, 0.2, 0.1]
    probabilities = np.clip(np.where(true, 0.8, 0.15) + rng.normal(0, 0.1, true.shape), 0.01, 0.99)
    return probabilities, np.where(rng.random(true.shape) < 0.06, ~true, true).astype(np.int8)


def test_issues_of_complete_labels_are_those_of_cleanlab() -> None:
    probabilities, labels = planted()
    lists = [np.flatnonzero(row).tolist() for row in labels]
    expected = find_multilabel_issues_per_class(lists, probabilities, n_jobs=1)
    images, classes = np.nonzero(np.ones_like(labels))
    _, found = cleanlab_scores(probabilities[images, classes], labels[images, classes], classes)
    np.testing.assert_array_equal(found.reshape(labels.shape), expected)
    assert 20 < found.sum() < 120


def test_quality_is_adjusted_by_the_mean_confidence_of_positives_and_negatives() -> None:
    probabilities, labels = planted()
    rng = np.random.default_rng(1)
    images, classes = np.nonzero(rng.random(labels.shape) < 0.5)  # partial labels
    order = rng.permutation(len(classes))
    images, classes = images[order], classes[order]
    chances, given = probabilities[images, classes], labels[images, classes]
    quality, is_issue = cleanlab_scores(chances, given, classes)
    for index in range(3):
        chosen = classes == index
        p, y = chances[chosen], given[chosen]
        confidence = np.where(y == 1, p, 1 - p)
        margin = confidence - np.where(y == 1, confidence[y == 1].mean(), confidence[y == 0].mean())
        assert np.corrcoef(margin, quality[chosen])[0, 1] == pytest.approx(1)  # equal up to scale and shift
    assert is_issue.sum() > 10


def test_a_class_with_equal_labels_has_no_issue() -> None:
    quality, is_issue = cleanlab_scores(np.array([0.2, 0.9]), np.array([1, 1]), np.array([4, 4]))
    np.testing.assert_allclose(quality, [0.2, 0.9])
    assert not is_issue.any()


def test_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cleanlab.filter", None)
    with pytest.raises(ImportError, match=r"cleanlab must be installed .*\[suspects\]"):
        cleanlab_scores(np.array([0.5]), np.array([1]), np.array([0]))
