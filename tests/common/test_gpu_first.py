"""A training step makes nobody wait for a GPU, and every loss compiles; checked on the CPU.

The laws of ``mmpretrain_imbalance.testing.laws_of_devices`` hold the same for one loss at a time, without the
difference between tensors of the host and of the device, and for 5 epochs.
"""

from __future__ import annotations

import pytest
import torch
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample
from torch import nn

from mmpretrain_imbalance.testing import LossCase
from mmpretrain_imbalance.testing.counted_step import DEVICE, DeviceTensor, StepCount, counted_step, to_device
from tests.common import compiled_losses
from tests.losses.smallest_losses import PLAIN, SMALLEST

ALL = pytest.mark.parametrize("name", sorted(SMALLEST))
#: Losses that a compiler cannot take in, with the reason.
NOT_COMPILED = {"PermanentLargeLoss": "its memory of images grows, in lists of Python"}


def assert_waits_for_nothing(count: StepCount) -> None:
    assert count.operations
    assert not count.reads
    assert not count.copies


@ALL
@pytest.mark.parametrize("labels_dtype", [torch.float32, torch.int8])
@pytest.mark.parametrize("logits_dtype", [torch.float32, torch.bfloat16])
def test_a_step_waits_for_nothing(name, labels_dtype, logits_dtype):
    """With the default of ``validate``, which on a GPU is 'later'."""
    case = LossCase(SMALLEST[name])
    loss = to_device(case.build())
    logits, labels = case.tables()
    logits, labels = DeviceTensor(logits.detach().to(logits_dtype)), DeviceTensor(labels.to(labels_dtype))
    for _ in range(3):
        with counted_step() as count:
            case.call(loss, logits.detach().requires_grad_(), labels).backward()
        assert_waits_for_nothing(count)


def test_the_progress_of_a_run_is_set_without_waiting():
    case = LossCase(SMALLEST["PartialLabelMaskingLoss"])
    loss = to_device(case.build())
    with counted_step() as count:
        loss.set_progress(epoch=3, max_epochs=10, iteration=70)
    assert_waits_for_nothing(count)


def test_class_indices_are_read_without_waiting():
    loss = to_device(LossCase(PLAIN).build())
    logits, classes = DeviceTensor(torch.zeros(4, 3)), DeviceTensor(torch.tensor([0, 1, 2, 0]))
    with counted_step() as count:
        loss(logits.detach().requires_grad_(), classes).backward()
    assert_waits_for_nothing(count)


def test_a_check_at_once_reads():
    """Else the zeros above would be those of a counter that finds nothing."""
    loss = to_device(LossCase(PLAIN).build(validate="now"))
    with counted_step() as count:
        loss(DeviceTensor(torch.zeros(4, 3)), DeviceTensor(torch.ones(4, 3)))
    assert len(count.reads) == 1


@pytest.mark.parametrize("loss", ["PartialAsymmetricLoss", "PermanentLargeLoss"])
def test_a_step_of_the_head_waits_for_nothing(loss):
    config = dict(type="PartialLabelLinearClsHead", num_classes=3, in_channels=4, loss=SMALLEST[loss])
    head = MODELS.build(config).train()
    LossCase(SMALLEST[loss]).tell(head)
    head = to_device(head)
    features = DeviceTensor(torch.randn(2, 4))
    labels = DeviceTensor(torch.tensor([[1.0, 0, -1], [-1.0, 1, 0]]))
    for _ in range(2):
        with counted_step() as count:
            samples = [
                DataSample(metainfo=dict(sample_idx=index)).set_gt_score(row)
                for index, row in enumerate(labels.unbind())
            ]
            head.loss((features.detach().requires_grad_(),), samples)["loss"].backward()
        assert_waits_for_nothing(count)


SAMPLES = {
    "lists": lambda: DataSample(
        gt_label_indices=torch.tensor([0, 2]), gt_label_values=torch.tensor([1, 0], dtype=torch.int8)
    ),
    "int8 vectors": lambda: DataSample(gt_score=torch.tensor([1, 0, -1, 0], dtype=torch.int8)),
    "soft vectors": lambda: DataSample(gt_score=torch.tensor([1, 0.4, -1, 0])),
    "indices": lambda: DataSample().set_gt_label([0, 3]),
}


@pytest.mark.parametrize("kinds", [*([kind] for kind in SAMPLES), list(SAMPLES)], ids="+".join)
@pytest.mark.parametrize("keeps_unknown", [None, True, False])
def test_the_data_preprocessor_waits_for_nothing(kinds, keeps_unknown):
    """Without batch augmentation, and with one that keeps unknown labels or must not meet any."""
    if keeps_unknown is False and kinds != ["indices"]:
        return  # refused
    arguments = dict(num_classes=4, mean=[0.0], std=[1.0], pad_size_divisor=4)
    if keeps_unknown is not None:
        arguments["batch_augments"] = dict(augments=dict(type="PartialLabelMixup", alpha=1.0), probs=1.0)
    preprocessor = MODELS.build(dict(type="PartialLabelDataPreprocessor", **arguments))
    if keeps_unknown is not None:
        preprocessor.batch_augments.augments[0] = Halved(keeps_unknown)
    with counted_step():
        preprocessor.to(DEVICE)
    images = [torch.zeros(3, 7, 7, dtype=torch.uint8) for _ in kinds]
    samples = [SAMPLES[kind]() for kind in kinds]
    with counted_step() as count:
        preprocessor(dict(inputs=images, data_samples=samples), training=True)
    assert_waits_for_nothing(count)
    assert all(sample.gt_score.device.type == DEVICE for sample in samples)


class Halved:
    """A batch augmentation that mixes nothing."""

    def __init__(self, keeps_unknown: bool) -> None:
        self.keeps_unknown = keeps_unknown

    def __call__(self, inputs, labels):
        return inputs / 2, labels


def step(case: LossCase, told: nn.Module, called: nn.Module, epoch: int) -> tuple:
    """Loss and gradient of a step."""
    case.tell(told, epoch, iteration=epoch)
    logits, labels = case.tables(seed=epoch)
    loss = case.call(called, logits, labels)
    loss.backward()
    return loss.detach(), logits.grad


@pytest.mark.parametrize("name", sorted(set(SMALLEST) - set(NOT_COMPILED)))
def test_20_epochs_are_one_graph(name):
    case = LossCase(SMALLEST[name])
    eager, module = case.build(validate="later"), case.build()
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    compiled = torch.compile(module, fullgraph=True, backend="eager")
    for epoch in range(20):
        torch.testing.assert_close(step(case, module, compiled, epoch), step(case, eager, eager, epoch))
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == 1
    torch._dynamo.reset()


@pytest.mark.parametrize("name", sorted(NOT_COMPILED))
def test_what_breaks_a_graph_does_so(name):
    case = LossCase(SMALLEST[name])
    torch._dynamo.reset()
    with pytest.raises(torch._dynamo.exc.Unsupported):
        case.call(torch.compile(case.build(), fullgraph=True, backend="eager"), *case.tables())
    torch._dynamo.reset()


@pytest.mark.slow
def test_inductor_gives_what_eager_gives():
    """For some; the law ``one_compiled_graph`` compiles each loss by aot_eager."""
    torch.testing.assert_close(compiled_losses.step(True, "cpu"), compiled_losses.step(False, "cpu"))
