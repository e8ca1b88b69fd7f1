from __future__ import annotations

import numpy as np
from hypothesis import given

from mmpretrain_imbalance.functional.metrics.known_elements import known_elements
from mmpretrain_imbalance.functional.metrics.ranked_elements import rank_elements
from mmpretrain_imbalance.functional.metrics.threshold_curve import threshold_curve
from tests.functional.partial_tables import partial_tables


@given(partial_tables())
def test_counts_what_each_distinct_score_predicts(tables) -> None:
    ranked = rank_elements(known_elements(*tables))
    curve = threshold_curve(ranked)
    at_threshold = curve.in_group(curve.predicted)
    place = 0
    for index, (scores, labels) in enumerate(zip(tables[0].T, tables[1].T)):
        known, positive = labels != -1, labels == 1
        thresholds = np.unique(scores[known])
        assert curve.bounds[index + 1] - curve.bounds[index] == len(thresholds)
        for threshold in thresholds:
            assert curve.classes[place] == index
            assert ranked.scores[curve.starts[place]] == threshold
            assert curve.predicted[place] == (known & (scores >= threshold)).sum()
            assert curve.true_positives[place] == (positive & (scores >= threshold)).sum()
            assert at_threshold[place] == (known & (scores == threshold)).sum()
            place += 1
    assert place == len(curve.starts)
