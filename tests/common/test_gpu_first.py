"""Training steps do not wait for a GPU; checked on the CPU.

The laws of ``mmpretrain_imbalance.testing.laws_of_devices`` check the same for a single loss. They do not
distinguish tensors on the host from tensors on the device. One of them compiles each loss.
"""

from __future__ import annotations

import pytest
import torch
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

from mmpretrain_imbalance.testing import LossCase
from mmpretrain_imbalance.testing.counted_step import DEVICE, DeviceTensor, StepCount, counted_step, to_device
from tests.common import compiled_losses
from tests.losses.smallest_losses import PLAIN, SMALLEST

ALL = pytest.mark.parametrize("name", sorted(SMALLEST))
#: Losses that cannot be compiled, with the reason.
NOT_COMPILED = {"PermanentLargeLoss": "it stores a growing set of elements in a Python list"}


def assert_no_host_reads(count: StepCount) -> None:
    assert count.operations
    assert not count.reads
    assert not count.copies


@ALL
@pytest.mark.parametrize(
    ("logits_dtype", "labels_dtype"), [(torch.float32, torch.float32), (torch.bfloat16, torch.int8)]
)
def test_a_step_has_no_host_reads(name, labels_dtype, logits_dtype):
    """The default of ``validate`` on a GPU is 'later'."""
    case = LossCase(SMALLEST[name])
    loss = to_device(case.build())
    logits, labels = case.random_batch()
    logits, labels = DeviceTensor(logits.detach().to(logits_dtype)), DeviceTensor(labels.to(labels_dtype))
    for _ in range(2):  # the second step checks what the first one recorded
        with counted_step() as count:
            case.call(loss, logits.detach().requires_grad_(), labels).backward()
        assert_no_host_reads(count)


def test_setting_the_progress_has_no_host_reads():
    case = LossCase(SMALLEST["PartialLabelMaskingLoss"])
    loss = to_device(case.build())
    with counted_step() as count:
        loss.set_progress(epoch=3, max_epochs=10, iteration=70)
    assert_no_host_reads(count)


def test_class_indices_need_no_host_reads():
    loss = to_device(LossCase(PLAIN).build())
    logits, classes = DeviceTensor(torch.zeros(4, 3)), DeviceTensor(torch.tensor([0, 1, 2, 0]))
    with counted_step() as count:
        loss(logits.detach().requires_grad_(), classes).backward()
    assert_no_host_reads(count)


def test_validation_now_reads_from_the_device():
    """This shows that the counter above finds host reads."""
    loss = to_device(LossCase(PLAIN).build(validate="now"))
    with counted_step() as count:
        loss(DeviceTensor(torch.zeros(4, 3)), DeviceTensor(torch.ones(4, 3)))
    assert len(count.reads) == 1


@pytest.mark.parametrize("loss", ["PartialAsymmetricLoss", "PermanentLargeLoss"])
def test_a_step_of_the_head_has_no_host_reads(loss):
    config = dict(type="PartialLabelLinearClsHead", num_classes=3, in_channels=4, loss=SMALLEST[loss])
    head = MODELS.build(config).train()
    LossCase(SMALLEST[loss]).prepare(head)
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
        assert_no_host_reads(count)


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
def test_the_data_preprocessor_has_no_host_reads(kinds, keeps_unknown):
    """Checked without batch augmentation, and with one that supports unknown labels or does not."""
    if keeps_unknown is False and kinds != ["indices"]:
        return  # raises an error
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
    assert_no_host_reads(count)
    assert all(sample.gt_score.device.type == DEVICE for sample in samples)


class Halved:
    """Batch augmentation that changes the images only."""

    def __init__(self, keeps_unknown: bool) -> None:
        self.keeps_unknown = keeps_unknown

    def __call__(self, inputs, labels):
        return inputs / 2, labels


@pytest.mark.parametrize("name", sorted(NOT_COMPILED))
def test_losses_that_are_not_compiled_raise(name):
    case = LossCase(SMALLEST[name])
    torch._dynamo.reset()
    with pytest.raises(torch._dynamo.exc.Unsupported):
        case.call(torch.compile(case.build(), fullgraph=True, backend="eager"), *case.random_batch())
    torch._dynamo.reset()


@pytest.mark.slow
def test_inductor_equals_eager():
    """Only some losses are compiled; the law ``one_compiled_graph`` compiles each loss by aot_eager."""
    compiled, eager = (compiled_losses.step(by, "cpu", compiled_losses.FEW) for by in (True, False))
    torch.testing.assert_close(compiled, eager)
