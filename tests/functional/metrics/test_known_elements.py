from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given

from mmpretrain_imbalance.functional.metrics.known_elements import known_elements
from tests.functional.partial_tables import flat, partial_tables


@given(partial_tables())
def test_selects_every_known_element_of_matrices_once(tables) -> None:
    elements = known_elements(*tables, keep_images=True)
    scores, labels, classes, images = flat(*tables)
    kept = sorted(zip(elements.images, elements.classes, elements.scores, elements.positive))
    assert kept == sorted(zip(images, classes, scores, labels == 1))
    assert (np.diff(elements.classes) >= 0).all()
    np.testing.assert_array_equal(elements.counts, (tables[1] != -1).sum(axis=0))
    np.testing.assert_array_equal(elements.positives(), (tables[1] == 1).sum(axis=0))


@given(partial_tables())
def test_drops_unknown_flat_elements(tables) -> None:
    scores, labels = tables
    images, classes = (index.ravel() for index in np.indices(labels.shape))
    elements = known_elements(scores.ravel(), labels.ravel(), classes, images, num_classes=labels.shape[1])
    expected = flat(*tables)
    for value, wanted in zip(
        (elements.scores, elements.positive, elements.classes, elements.images), expected
    ):
        np.testing.assert_array_equal(value, wanted)


def test_does_not_change_its_inputs() -> None:
    scores, labels = np.float32([[0.5, -0.0], [1.0, 2.0]]), np.array([[1, 0], [-1, 1]])
    before = scores.copy(), labels.copy()
    elements = known_elements(scores, labels)
    elements.scores[:] = elements.positive[:] = 0
    np.testing.assert_array_equal(scores, before[0])
    np.testing.assert_array_equal(labels, before[1])


SCORES = np.array([[0.1, 0.2], [0.3, 0.4]])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            dict(scores=SCORES, labels=[[1, 0], [2, 3]]),
            "The 'labels' argument of f must be 1 (positive), 0 (negative) or -1 (unknown) in every element. "
            "Got 2 at sample 1, class 0, and at 1 more instead.",
        ),
        (
            dict(scores=SCORES, labels=[[1, 0.5], [0, 1]]),
            "Got 0.5 at sample 0, class 1 instead.",
        ),
        (
            dict(scores=SCORES * [1, np.nan], labels=[[1, -1], [0, 1]]),
            "The 'scores' argument of f must be a number, not NaN, in every element with a known label. "
            "Got nan at sample 1, class 1 instead.",
        ),
        (
            dict(scores=SCORES * np.nan, labels=[[-1, -1], [0, 1]]),
            "Got nan at sample 1, class 0, and at 1 more instead.",
        ),
        (
            dict(scores=[0.5, np.nan], labels=[0, 1], classes=[4, 3]),
            "Got nan at element 1, class 3 instead.",
        ),
        (
            dict(scores=SCORES, labels=[[1, 0]]),
            "The 'labels' argument of f must have the shape of the scores, (2, 2). Got (1, 2) instead.",
        ),
        (
            dict(scores=[0.5], labels=[1]),
            "The 'scores' argument of f must have the shape (N, C) if 'classes' is not given. "
            "Got (1,) instead.",
        ),
        (
            dict(scores=SCORES, labels=SCORES > 0.2, classes=[0, 1]),
            "must have the shape (K,) if 'classes' is given. Got (2, 2) instead.",
        ),
        (
            dict(scores=SCORES, labels=SCORES > 0.2, images=[0, 1]),
            "The 'images' argument of f must be None for scores of shape (N, C), whose rows are the images.",
        ),
        (
            dict(scores=[0.5], labels=[1], classes=[0], keep_images=True),
            "The 'images' argument of f must be one index per element if 'classes' is given. "
            "Got None instead.",
        ),
        (
            dict(scores=[0.5, 0.5], labels=[1, 0], classes=[0, 2], num_classes=2),
            "The 'classes' argument of f must be class indices from 0 to 1. Got 2 at element 1 instead.",
        ),
        (
            dict(scores=[0.5, 0.5], labels=[1, 0], classes=[0.0, 1.0]),
            "The 'classes' argument of f must be 2 integers, one per element. Got float64 of shape (2,)",
        ),
        (
            dict(scores=[0.5, 0.5], labels=[1, 0], classes=[0]),
            "The 'classes' argument of f must be 2 integers, one per element. Got int64 of shape (1,)",
        ),
    ],
)
def test_invalid_inputs_raise_with_name_and_position(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        known_elements(**arguments, caller="f")
