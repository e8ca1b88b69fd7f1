from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from mmpretrain_imbalance.functional.metrics.known_elements import label_coverage
from tests.functional.partial_tables import partial_tables


@given(partial_tables())
def test_equals_the_fraction_of_known_elements(tables) -> None:
    np.testing.assert_array_equal(label_coverage(tables[1]), (tables[1] != -1).mean(axis=0))


def test_no_image_raises() -> None:
    with pytest.raises(ValueError, match=r"'labels' argument of label_coverage .* Got none instead"):
        label_coverage(np.empty((0, 3)))
