"""Base class of losses: precision, validation, and buffers of the size of the dataset."""

from __future__ import annotations

import pytest
import torch
from mmpretrain.registry import MODELS

from mmpretrain_imbalance.functional import LossContext
from mmpretrain_imbalance.losses import ClassPriorTrackingLoss, ElementwiseLoss, Traits
from tests.losses.smallest_losses import PLAIN, build, prepare, random_batch


class Recorder(ElementwiseLoss):
    """Stores the arguments of its elementwise loss."""

    def elementwise_loss(self, logits, labels, context):
        self.seen = dict(
            logits=logits, labels=labels, context=context, autocast=torch.is_autocast_enabled("cpu")
        )
        return logits**2


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_elements_are_computed_in_single_precision_outside_of_autocast(dtype):
    loss = Recorder()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss(torch.ones(1, 2, dtype=dtype), torch.tensor([[1, 0]]))
    assert loss.seen["logits"].dtype == torch.float32
    assert loss.seen["autocast"] is False


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_a_loss_of_mmpretrain_is_computed_in_single_precision(dtype):
    logits, labels = random_batch()
    logits = logits.detach().to(dtype)
    loss = build(dict(type="ClassPriorTrackingLoss", loss=dict(type="FocalLoss")))
    torch.testing.assert_close(loss(logits, labels), loss(logits.float(), labels), rtol=0, atol=0)


def test_double_precision_stays():
    loss = Recorder()
    assert loss(torch.ones(1, 2, dtype=torch.float64), torch.ones(1, 2)).dtype == torch.float64


def test_hard_labels_are_converted_to_int8_and_soft_labels_are_not():
    loss = Recorder()
    loss(torch.ones(1, 2), torch.tensor([[1.0, -1.0]]))
    assert loss.seen["labels"].dtype == torch.int8
    loss(torch.ones(1, 2), torch.tensor([[0.5, -1.0]]))
    assert loss.seen["labels"].tolist() == [[0.5, -1.0]]


def test_the_error_for_nan_names_class_and_image():
    logits, labels = torch.zeros(2, 3), torch.ones(2, 3)
    logits[1, 2] = torch.nan
    loss = MODELS.build(dict(type="PartialAsymmetricLoss"))
    with pytest.raises(ValueError, match=r"Got nan at sample 1, class 2 instead\.$"):
        loss(logits, labels)
    loss.set_label_counts(torch.ones(3), torch.ones(3), ["cat", "dog", "emu"])
    with pytest.raises(ValueError, match=r"class 2 instead\. This is class 'emu'\.$"):
        loss(logits, labels)
    context = LossContext(sample_ids=torch.tensor([40, 17]))
    with pytest.raises(ValueError, match=r"This is class 'emu' of the image with the sample_idx 17\.$"):
        loss(logits, labels, context=context)
    with pytest.raises(ValueError, match=r"Got 7 at sample 0, class 0.* instead\.$"):
        loss(torch.zeros(2, 3), 7 * labels, context=context)


def test_a_missing_context_raises():
    loss = Recorder()
    for field in ("sample_ids", "activation_maps"):
        loss.traits = Traits(needs=(field,))
        message = f"Recorder needs the {field} of the batch, which this head does not pass. Use "
        with pytest.raises(ValueError, match=message):
            loss(torch.ones(1, 2), torch.ones(1, 2))
        with pytest.raises(ValueError, match=message):  # the error names the wrapped loss
            ClassPriorTrackingLoss(loss).eval()(torch.ones(1, 2), torch.ones(1, 2))
        context = LossContext(**{field: torch.tensor([7])})
        loss(torch.ones(1, 2), torch.ones(1, 2), context=context)
        assert loss.seen["context"] is context


def test_class_buffers_are_sized_once():
    loss = Recorder()
    loss.register_class_buffer("weights", 2)
    loss.set_label_counts(torch.ones(3), torch.ones(3))
    assert loss.weights.shape == (3, 2)
    loss.weights.fill_(5)
    loss.set_label_counts(torch.ones(3), torch.ones(3))
    assert (loss.weights == 5).all()


def test_class_indices_of_any_integer_dtype():
    for dtype in (torch.int64, torch.int32, torch.uint8):
        loss = Recorder()
        loss(torch.zeros(2, 3), torch.tensor([2, 0], dtype=dtype))
        assert loss.seen["labels"].tolist() == [[0, 0, 1], [1, 0, 0]]


@pytest.mark.parametrize("validate", ["now", "later", "never"])
@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.int64])
def test_labels_of_any_dtype_that_is_not_floating(dtype, validate):
    """Unsigned labels must not be compared with a -1 that is converted to 255."""
    labels = torch.tensor([[1, 0], [0, 1]])
    loss = build(dict(type="PartialLabelMaskingLoss", loss=PLAIN, validate=validate), 2)
    expected = loss(torch.ones(2, 2), labels.to(torch.int8), reduction_override="none")
    prepare(loss, 2)
    found = loss(torch.ones(2, 2), labels.to(dtype), reduction_override="none")
    torch.testing.assert_close(found, expected)
    assert loss.element_counter.values()["ignored_fraction"].tolist() == [0, 0]
