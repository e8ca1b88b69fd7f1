"""Mean and standard deviation in parts, against NumPy on the whole array."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from mmpretrain_imbalance.functional import feature_statistics


@pytest.mark.parametrize("numbers_per_step", [1, 12, 2**22])
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_equal_to_numpy(numbers_per_step: int, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[feature_statistics.__module__], "_CHUNK", numbers_per_step)
    features = (np.random.default_rng(0).normal(size=(50, 4)) * [1, 0.01, 3, 0] + [0, 100, -5, 7]).astype(
        dtype
    )
    mean, std = feature_statistics(features)
    np.testing.assert_allclose(mean, features.astype(np.float64).mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(std, features.astype(np.float64).std(axis=0), rtol=1e-9, atol=1e-12)


def test_no_rows() -> None:
    with pytest.raises(ValueError, match="must have at least one row"):
        feature_statistics(np.empty((0, 3)))
