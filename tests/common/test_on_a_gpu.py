"""Tests that need a GPU: no waiting of the host, delayed errors, and equal results of devices and compilers.

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
def raise_if_the_host_waits() -> Iterator[None]:
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_waiting_is_detected():
    """Without this, the tests below would always pass."""
    tensor = torch.ones(2, device=GPU)
    with pytest.raises(RuntimeError, match="synchroniz"), raise_if_the_host_waits():
        tensor.sum().item()


@ALL
@pytest.mark.parametrize("labels_dtype", [torch.float32, torch.int8])
def test_a_step_has_no_host_reads(name, labels_dtype):
    case = LossCase(SMALLEST[name])
    loss = case.build().to(GPU)
    logits, labels = (tensor.detach().to(GPU) for tensor in case.random_batch())
    labels = labels.to(labels_dtype)
    for _ in range(2):  # the first steps may allocate buffers
        case.call(loss, logits.clone().requires_grad_(), labels).backward()
    with raise_if_the_host_waits():
        case.call(loss, logits.clone().requires_grad_(), labels).backward()


def test_a_step_from_the_loader_to_the_optimizer_has_no_host_reads():
    """The step includes the optimizer, in mixed precision."""
    loss = dict(type="PartialLabelMaskingLoss", loss=dict(type="ClassAwareSelectiveLoss"))
    preprocessor = MODELS.build(
        dict(type="PartialLabelDataPreprocessor", num_classes=3, mean=[0.0], std=[255.0])
    ).to(GPU)
    head = MODELS.build(dict(type="PartialLabelLinearClsHead", num_classes=3, in_channels=192, loss=loss))
    LossCase(loss).prepare(head)
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
    with raise_if_the_host_waits():
        step()


def call(loss, labels: torch.Tensor) -> None:
    loss(torch.zeros(2, 3, device=GPU, requires_grad=True), labels).backward()


def take_later_steps(loss) -> None:
    """Take two correct steps; each reads the copy that an earlier step started."""
    for _ in range(2):
        torch.cuda.synchronize()
        call(loss, torch.ones(2, 3, device=GPU))


def test_a_wrong_label_raises_in_a_later_step():
    loss = LossCase(PLAIN).build().to(GPU)
    wrong = torch.tensor([[1, 0, -1], [0, 1, 7]], device=GPU)
    take_later_steps(loss)
    assert loss.delayed_validation._copy.is_pinned()
    call(loss, wrong)
    with pytest.raises(ValueError, match=r"'labels' argument .* at sample 1, class 2 of an earlier batch"):
        take_later_steps(loss)
    take_later_steps(loss)  # it is reported once


def test_the_host_does_not_wait_for_an_error_that_is_not_copied_yet():
    loss = LossCase(PLAIN).build().to(GPU)
    right = torch.ones(2, 3, device=GPU)
    take_later_steps(loss)
    torch.cuda.synchronize()
    torch.cuda._sleep(1_000_000_000)  # about half a second
    call(loss, 7 * right)
    call(loss, right)
    with pytest.raises(ValueError, match="sample 0, class 0 of an earlier batch"):
        take_later_steps(loss)


def test_a_loss_in_training_can_be_copied():
    loss = LossCase(PLAIN).build().to(GPU)
    call(loss, torch.ones(2, 3, device=GPU))
    call(copy.deepcopy(loss), torch.ones(2, 3, device=GPU))


@ALL
def test_gpu_equals_cpu(name):
    """This includes random masks, which are a function of iteration, row and class."""
    case = LossCase(SMALLEST[name])
    results = []
    for device in ("cpu", GPU):
        loss = case.build().to(device)
        logits, labels = (tensor.detach().to(device) for tensor in case.random_batch())
        value = case.call(loss, logits.requires_grad_(), labels)
        value.backward()
        results.append([tensor.cpu() for tensor in (value.detach(), logits.grad, *loss.gathered())])
    torch.testing.assert_close(results[1], results[0])


def test_inductor_equals_eager():
    torch.testing.assert_close(compiled_losses.step(True, GPU), compiled_losses.step(False, GPU))
