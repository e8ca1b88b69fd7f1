"""Scores of labels to check, compared with plain loops and with their definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmpretrain_imbalance.functional import given_label_probability, question_scores, ranks_in_groups


def test_probability_of_the_given_label() -> None:
    probabilities = np.float32([[0.2, 0.7], [1.0, 0.0]])
    np.testing.assert_allclose(
        given_label_probability(probabilities, [[1, 1], [0, 0]]), [[0.2, 0.7], [0, 1]], rtol=1e-6
    )


def test_question_scores_follow_their_equation() -> None:
    rng = np.random.default_rng(0)
    probabilities, thresholds = rng.random((5, 4)), rng.random(4)
    positives = [0, 3, 100, 1]
    scores = question_scores(probabilities, thresholds, positives)
    for row in range(5):
        for column in range(4):
            p, t = probabilities[row, column], thresholds[column]
            q = 1 / (1 + math.exp(-(math.log(p / (1 - p)) - math.log(t / (1 - t)))))
            assert scores[row, column] == pytest.approx(4 * q * (1 - q) / (positives[column] + 1))


def test_questions_are_highest_at_the_threshold_and_for_rare_classes() -> None:
    probabilities = np.linspace(0.01, 0.99, 99)[:, None].repeat(2, axis=1)
    scores = question_scores(probabilities, [0.1, 0.5], [0, 9])
    assert probabilities[scores.argmax(axis=0), [0, 1]].tolist() == pytest.approx([0.1, 0.5])
    assert scores.max(axis=0).tolist() == pytest.approx([1, 0.1])
    assert np.isfinite(question_scores(np.float32([[0, 1]]), [0.0, 1.0], [0, 0])).all()


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.5]), st.integers(-1, 2))))
def test_ranks_in_groups(elements: list[tuple[float, int]]) -> None:
    scores, groups = [score for score, _ in elements], [group for _, group in elements]
    expected = [
        sum(
            group == groups[index] and (-score, other) < (-scores[index], index)
            for other, (score, group) in enumerate(elements)
        )
        for index in range(len(elements))
    ]
    found = ranks_in_groups(np.array(scores), np.array(groups, dtype=np.int64))
    assert found.tolist() == expected
