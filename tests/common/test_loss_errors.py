"""Error for statistics and head of different size; the public laws check all other errors."""

from __future__ import annotations

import pytest

from tests.losses.smallest_losses import SMALLEST, build, random_batch


def has_class_buffers(name: str) -> bool:
    return any(
        any(state.class_lengths())
        for state in build(SMALLEST[name]).modules()
        if hasattr(state, "class_lengths")
    )


@pytest.mark.parametrize("name", sorted(filter(has_class_buffers, SMALLEST)))
def test_counts_and_head_of_different_size(name):
    loss = build(SMALLEST[name], num_classes=4)
    with pytest.raises(ValueError, match=r"the head have 3 classes, but .* statistics of 4 classes"):
        loss(*random_batch())
