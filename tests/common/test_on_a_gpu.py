"""What only a GPU can show: nobody waits, faults come over late, and all devices and compilers agree.

It has not been run on a GPU yet. ``tools/benchmarks/gpu.sh`` runs all tests that need one.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

from mmpretrain_imbalance.testing import LossCase
from tests.common import compiled_losses
from tests.losses.smallest_losses import PLAIN, SMALLEST

pytestmark = pytest.mark.gpu
GPU = "cuda"
ALL = pytest.mark.parametrize("name", sorted(SMALLEST))


@contextmanager
def waiting_is_an_error() -> Iterator[None]:
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_waiting_is_found():
    """Else the tests below would say nothing."""
    table = torch.ones(2, device=GPU)
    with pytest.raises(RuntimeError, match="synchroniz"), waiting_is_an_error():
        table.sum().item()


@ALL
@pytest.mark.parametrize("labels_dtype", [torch.float32, torch.int8])
def test_a_step_waits_for_nothing(name, labels_dtype):
    case = LossCase(SMALLEST[name])
    loss = case.build().to(GPU)
    logits, labels = (table.detach().to(GPU) for table in case.tables())
    labels = labels.to(labels_dtype)
    for _ in range(2):  # what is allocated once is allocated
        case.call(loss, logits.clone().requires_grad_(), labels).backward()
    with waiting_is_an_error():
        case.call(loss, logits.clone().requires_grad_(), labels).backward()


def test_a_step_from_the_loader_to_the_gradient_waits_for_nothing():
    """Also the optimizer's, in mixed precision."""
    loss = dict(type="PartialLabelMaskingLoss", loss=dict(type="ClassAwareSelectiveLoss"))
    preprocessor = MODELS.build(
        dict(type="PartialLabelDataPreprocessor", num_classes=3, mean=[0.0], std=[255.0])
    ).to(GPU)
    head = MODELS.build(dict(type="PartialLabelLinearClsHead", num_classes=3, in_channels=192, loss=loss))
    LossCase(loss).tell(head)
    head = head.train().to(GPU)
    optimizer = torch.optim.SGD(head.parameters(), lr=0.1)

    def step() -> None:
        samples = [
            DataSample(
                gt_label_indices=torch.tensor([0, 2]).pin_memory(),
                gt_label_values=torch.tensor([1, 0], dtype=torch.int8).pin_memory(),
                metainfo=dict(sample_idx=index),
            )
            for index in range(4)
        ]
        images = [torch.zeros(3, 8, 8, dtype=torch.uint8).pin_memory() for _ in samples]
        data = preprocessor(dict(inputs=images, data_samples=samples), training=True)
        optimizer.zero_grad()
        with torch.autocast(GPU, dtype=torch.bfloat16):
            value = head.loss((data["inputs"].flatten(1),), data["data_samples"])["loss"]
        value.backward()
        optimizer.step()

    step()
    step()
    with waiting_is_an_error():
        step()


def call(loss, labels: torch.Tensor) -> None:
    loss(torch.zeros(2, 3, device=GPU, requires_grad=True), labels).backward()


def later_steps(loss) -> None:
    """Each step looks at the copy that an earlier one has ordered."""
    for _ in range(2):
        torch.cuda.synchronize()
        call(loss, torch.ones(2, 3, device=GPU))


def test_a_wrong_label_raises_in_a_later_step():
    loss = LossCase(PLAIN).build().to(GPU)
    wrong = torch.tensor([[1, 0, -1], [0, 1, 7]], device=GPU)
    later_steps(loss)
    assert loss.delayed_validation._copy.is_pinned()
    call(loss, wrong)
    with pytest.raises(ValueError, match=r"'labels' argument .* at sample 1, class 2 of an earlier batch"):
        later_steps(loss)
    later_steps(loss)  # it is reported once


def test_a_fault_that_has_not_come_over_is_not_waited_for():
    loss = LossCase(PLAIN).build().to(GPU)
    right = torch.ones(2, 3, device=GPU)
    later_steps(loss)
    torch.cuda.synchronize()
    torch.cuda._sleep(1_000_000_000)  # half a second or so
    call(loss, 7 * right)
    call(loss, right)
    with pytest.raises(ValueError, match="sample 0, class 0 of an earlier batch"):
        later_steps(loss)


def test_a_loss_in_training_can_be_copied():
    loss = LossCase(PLAIN).build().to(GPU)
    call(loss, torch.ones(2, 3, device=GPU))
    call(copy.deepcopy(loss), torch.ones(2, 3, device=GPU))


@ALL
def test_a_gpu_gives_what_a_cpu_gives(name):
    """Random masks too: they are a function of the iteration, the row and the class."""
    case = LossCase(SMALLEST[name])
    results = []
    for device in ("cpu", GPU):
        loss = case.build().to(device)
        logits, labels = (table.detach().to(device) for table in case.tables())
        value = case.call(loss, logits.requires_grad_(), labels)
        value.backward()
        results.append([tensor.cpu() for tensor in (value.detach(), logits.grad, *loss.gathered())])
    torch.testing.assert_close(results[1], results[0])


def test_inductor_gives_what_eager_gives():
    torch.testing.assert_close(compiled_losses.step(True, GPU), compiled_losses.step(False, GPU))
