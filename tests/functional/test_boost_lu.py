"""BoostLU: values, gradients and errors."""

from __future__ import annotations

import pytest
import torch

from mmpretrain_imbalance.functional.boost_lu import boost_lu


def test_positive_values_and_their_gradients_are_multiplied():
    maps = torch.randn(
        2, 3, 4, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0)
    ).requires_grad_()
    boosted = boost_lu(maps, 5.0)
    boosted.sum().backward()
    for value, found, slope in zip(
        maps.flatten().tolist(), boosted.flatten().tolist(), maps.grad.flatten().tolist()
    ):
        assert found == (5 * value if value > 0 else value)
        assert slope == (5 if value > 0 else 1)


def test_a_factor_of_one_changes_nothing():
    maps = torch.randn(3, 4)
    torch.testing.assert_close(boost_lu(maps, 1.0), maps, rtol=0, atol=0)


def test_invalid_arguments_raise():
    with pytest.raises(ValueError, match=r"'factor' argument of boost_lu must be at least 1. Got 0.5"):
        boost_lu(torch.zeros(1), 0.5)
