from __future__ import annotations

from hypothesis import given

from mmpretrain_imbalance.functional.metrics.known_elements import known_elements
from mmpretrain_imbalance.functional.metrics.ranked_elements import rank_elements, rank_positives
from tests.functional.partial_tables import partial_tables


@given(partial_tables())
def test_equals_plain_loops(tables) -> None:
    ranked = rank_elements(known_elements(*tables))
    scores, positive, bounds = ranked.scores.tolist(), ranked.positive.tolist(), ranked.bounds.tolist()
    found = rank_positives(ranked)
    positions = [position for position in range(len(scores)) if positive[position]]
    assert found.positions.tolist() == positions
    assert found.counts.tolist() == [sum(positive[low:high]) for low, high in zip(bounds, bounds[1:])]
    assert found.bounds.tolist() == [sum(positive[:bound]) for bound in bounds]
    for position, tie_start, before in zip(positions, found.tie_starts, found.positives_before):
        first_of_class = max(bound for bound in bounds if bound <= position)
        ties = [other for other in range(first_of_class, position + 1) if scores[other] == scores[position]]
        assert tie_start == min(ties)
        assert before == sum(positive[:tie_start])
