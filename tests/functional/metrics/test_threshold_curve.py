from __future__ import annotations

import numpy as np
from hypothesis import given

from mmpretrain_imbalance.functional.metrics.known_elements import known_elements
from mmpretrain_imbalance.functional.metrics.ranked_elements import rank_elements
from mmpretrain_imbalance.functional.metrics.threshold_curve import threshold_curve
from tests.functional.partial_tables import partial_tables


@given(partial_tables())
def test_counts_predictions_at_each_distinct_score(tables) -> None:
    ranked = rank_elements(known_elements(*tables))
    curve = threshold_curve(ranked)
    at_threshold = curve.at_threshold(curve.predicted)
    position = 0
    for index, (scores, labels) in enumerate(zip(tables[0].T, tables[1].T)):
        known, positive = labels != -1, labels == 1
        thresholds = np.unique(scores[known])
        assert curve.bounds[index + 1] - curve.bounds[index] == len(thresholds)
        for threshold in thresholds:
            assert curve.classes[position] == index
            assert ranked.scores[curve.starts[position]] == threshold
            assert curve.predicted[position] == (known & (scores >= threshold)).sum()
            assert curve.true_positives[position] == (positive & (scores >= threshold)).sum()
            assert at_threshold[position] == (known & (scores == threshold)).sum()
            position += 1
    assert position == len(curve.starts)
