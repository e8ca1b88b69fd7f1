"""Modes, random numbers and buffers are those of before, also after an error."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from torch import nn

from mmpretrain_imbalance.hooks.undisturbed_training import undisturbed_training


def draw() -> list[float]:
    return [random.random(), float(np.random.rand()), float(torch.rand(()))]  # noqa: NPY002


@pytest.mark.parametrize("fails", [False, True])
def test_training_goes_on_as_before(fails: bool) -> None:
    model = nn.Sequential(nn.BatchNorm1d(2), nn.Dropout(0.5), nn.Linear(2, 1))
    model[0].eval()  # as a frozen stage
    mean = model[0].running_mean
    random.seed(0), np.random.seed(0), torch.manual_seed(0)  # noqa: NPY002, TID251
    expected = draw()
    random.seed(0), np.random.seed(0), torch.manual_seed(0)  # noqa: NPY002, TID251
    try:
        with undisturbed_training(model):
            assert not any(module.training for module in model.modules())
            draw()
            mean.fill_(7)
            if fails:
                raise ValueError("an error of a hook")
    except ValueError:
        assert fails
    assert [module.training for module in model.modules()] == [True, False, True, True]
    assert draw() == expected
    assert mean.tolist() == [0, 0]
