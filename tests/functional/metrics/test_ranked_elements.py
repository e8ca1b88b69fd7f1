from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmpretrain_imbalance.functional.metrics.known_elements import known_elements
from mmpretrain_imbalance.functional.metrics.ranked_elements import rank_elements
from tests.functional.partial_tables import flat, partial_tables

ANY_FLOAT = st.floats(width=32, allow_nan=False)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("is_flat", [False, True])
def test_sorts_by_class_then_score_and_keeps_score_with_label(dtype: type, is_flat: bool) -> None:
    @given(partial_tables(values=st.one_of(ANY_FLOAT, ANY_FLOAT.map(abs)), dtype=dtype))
    def check(tables) -> None:
        scores, labels, classes, _ = flat(*tables)
        num_classes = tables[0].shape[1]
        if is_flat:
            elements = known_elements(scores, labels, classes, num_classes=num_classes)
        else:
            elements = known_elements(*tables)
        ranked = rank_elements(elements)
        assert ranked.scores.dtype == dtype
        for index in range(num_classes):
            segment = slice(ranked.bounds[index], ranked.bounds[index + 1])
            expected = sorted(zip(scores[classes == index], labels[classes == index] == 1))
            assert (ranked.scores[segment][1:] >= ranked.scores[segment][:-1]).all()
            # Equal scores, including -0.0 and 0.0, may be in any order.
            assert sorted(zip(ranked.scores[segment], ranked.positive[segment])) == expected

    check()


@pytest.mark.parametrize("is_flat", [False, True])
def test_does_not_change_the_elements(is_flat: bool) -> None:
    tables = np.float32([[0.5], [0.25]]), np.array([[1], [0]])
    elements = known_elements(*flat(*tables)[:3]) if is_flat else known_elements(*tables)
    rank_elements(elements)
    np.testing.assert_array_equal(elements.scores, np.float32([0.5, 0.25]))
    np.testing.assert_array_equal(elements.positive, [True, False])
