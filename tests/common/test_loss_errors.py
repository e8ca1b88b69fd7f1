"""Statistics and head of different size; all other mistakes are in the public laws."""

from __future__ import annotations

import pytest

from tests.losses.smallest_losses import SMALLEST, build, tables


def holds_values_of_classes(name: str) -> bool:
    return any(
        any(state.class_lengths())
        for state in build(SMALLEST[name]).modules()
        if hasattr(state, "class_lengths")
    )


@pytest.mark.parametrize("name", sorted(filter(holds_values_of_classes, SMALLEST)))
def test_counts_and_head_of_different_size(name):
    loss = build(SMALLEST[name], num_classes=4)
    with pytest.raises(ValueError, match=r"head gives logits of 3 classes, but .* statistics of 4 classes"):
        loss(*tables())
