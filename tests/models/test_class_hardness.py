"""Running mean of the loss of each class."""

from __future__ import annotations

import torch

from mmpretrain_imbalance.models.class_hardness import ClassHardness


def test_running_mean_equals_the_loop():
    generator = torch.Generator().manual_seed(0)
    hardness = ClassHardness(5, momentum=0.3)
    expected = [float("inf")] * 5
    for _ in range(20):
        active = torch.randperm(5, generator=generator)[:2]
        elements = torch.rand(4, 2, generator=generator)
        hardness.update(elements, active)
        for column, c in enumerate(active.tolist()):
            mean = sum(elements[:, column].tolist()) / 4
            expected[c] = mean if expected[c] == float("inf") else expected[c] + 0.3 * (mean - expected[c])
    torch.testing.assert_close(hardness.loss, torch.tensor(expected))


def test_losses_that_are_not_finite_are_ignored():
    hardness = ClassHardness(2, momentum=0.5)
    hardness.update(torch.tensor([[1.0, float("nan")]]), torch.tensor([0, 1]))
    hardness.update(torch.tensor([[float("inf")]]), torch.tensor([0]))
    assert hardness.loss.tolist() == [1.0, float("inf")]
    hardness.update(torch.zeros(0, 2), torch.tensor([0, 1]))  # a batch without images
    assert hardness.loss.tolist() == [1.0, float("inf")]


def test_a_checkpoint_contains_the_values():
    hardness, loaded = ClassHardness(3, momentum=0.5), ClassHardness(3, momentum=0.5)
    hardness.update(torch.ones(1, 1), torch.tensor([1]))
    loaded.load_state_dict(hardness.state_dict())
    assert loaded.loss.tolist() == [float("inf"), 1.0, float("inf")]
