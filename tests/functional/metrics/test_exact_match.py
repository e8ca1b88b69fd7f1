from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score

from mmpretrain_imbalance.functional.metrics.multi_label_scores import exact_match
from tests.functional.partial_tables import flat, partial_tables

PREDICTIONS = partial_tables(values=st.sampled_from([0, 1]), dtype=np.int64)


@given(PREDICTIONS)
def test_equals_plain_loops(tables) -> None:
    right = []
    for predictions, labels in zip(*tables):
        known = labels != -1
        if known.any():
            right.append((predictions[known] == labels[known]).all())
    np.testing.assert_allclose(exact_match(*tables), np.mean(right) if right else np.nan)


@given(PREDICTIONS)
def test_equals_scikit_learn_where_all_is_known(tables) -> None:
    predictions, labels = tables[0], abs(tables[1])
    if labels.shape[1] > 1:  # scikit-learn treats one column as single-label data
        np.testing.assert_allclose(exact_match(predictions, labels), accuracy_score(labels, predictions))


@given(PREDICTIONS)
def test_flat_elements_equal_matrices(tables) -> None:
    predictions, labels, _, images = flat(*tables)
    np.testing.assert_equal(exact_match(predictions, labels, images + 10**12), exact_match(*tables))
