"""A snapshot restores the persistent values of modules, and reports whether any had changed."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mmpretrain_imbalance.hooks.label_statistics.statistics_snapshot import StatisticsSnapshot


def module() -> nn.Module:
    parent = nn.Module()
    parent.register_buffer("counts", torch.tensor([3.0, 4.0]))
    parent.register_buffer("step", torch.tensor(0), persistent=False)
    parent.child = nn.Linear(2, 2)
    return parent


def test_nothing_changed() -> None:
    assert not StatisticsSnapshot([module()]).restore()


@pytest.mark.parametrize("other", [[5.0, 4.0], [5.0, 4.0, 6.0]])
def test_a_changed_value_is_restored(other: list[float]) -> None:
    parent = module()
    snapshot = StatisticsSnapshot([parent])
    parent.counts = torch.tensor(other)
    assert snapshot.restore()
    assert parent.counts.tolist() == [3.0, 4.0]
    assert not snapshot.restore()


def test_submodules_and_temporary_values_are_left() -> None:
    parent = module()
    snapshot = StatisticsSnapshot([parent])
    parent.step += 1
    nn.init.zeros_(parent.child.weight)
    assert not snapshot.restore()
    assert parent.step == 1
    assert not parent.child.weight.any()
