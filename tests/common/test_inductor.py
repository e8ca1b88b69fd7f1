"""Every loss compiled by inductor equals the eager loss. A compilation takes about ten seconds on a CPU."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mmpretrain_imbalance.testing import LossCase
from tests.common.test_gpu_first import NOT_COMPILED
from tests.losses.smallest_losses import SMALLEST


def step(case: LossCase, module: nn.Module, called: nn.Module, epoch: int) -> tuple:
    """Return loss and gradient of a step."""
    case.prepare(module, epoch, iteration=epoch)
    logits, labels = case.random_batch(seed=epoch)
    loss = case.call(called, logits, labels)
    loss.backward()
    return loss.detach(), logits.grad


@pytest.mark.long
@pytest.mark.parametrize("name", sorted(set(SMALLEST) - set(NOT_COMPILED)))
def test_inductor_equals_eager(name: str) -> None:
    """In `make test`, only three losses are compiled, together (test_gpu_first.py)."""
    case = LossCase(SMALLEST[name])
    eager, module = case.build(validate="later"), case.build(validate="later")
    torch._dynamo.reset()
    compiled = torch.compile(module, fullgraph=True, backend="inductor")
    for epoch in range(2):
        torch.testing.assert_close(step(case, module, compiled, epoch), step(case, eager, eager, epoch))
    torch._dynamo.reset()
