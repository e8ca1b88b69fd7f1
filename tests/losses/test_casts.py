"""A cast of the model does not change the state of its losses, because float16 ends at 65,504."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from mmpretrain_imbalance.functional import LossContext
from tests.losses.smallest_losses import PLAIN, SMALLEST, build, random_batch

LARGE = 70_001  # rounded to 70,144 in bfloat16, and to infinity in float16
CASTS = {
    "half": nn.Module.half,
    "bfloat16": nn.Module.bfloat16,
    "double": nn.Module.double,
    "to half": lambda model: model.to(torch.float16),
    "to half and back": lambda model: model.half().float(),
}
MORE = {
    "masking of pseudo-labels": dict(
        type="PartialLabelMaskingLoss", loss=dict(type="PriorMatchedPseudoLabelLoss", loss=PLAIN)
    ),
    "selection by a prior": dict(type="ClassAwareSelectiveLoss", class_prior=[0.1, 0.2, 0.7]),
}
LOSSES = SMALLEST | MORE
ALL_CASTS = pytest.mark.parametrize("cast", CASTS)


def model_of(config: dict) -> nn.ModuleDict:
    return nn.ModuleDict(dict(layer=nn.Linear(2, 3), loss=build(config)))


def buffers(model: nn.Module) -> dict[str, torch.Tensor]:
    return {name: buffer.clone() for name, buffer in model.named_buffers()}


@ALL_CASTS
@pytest.mark.parametrize("name", LOSSES)
def test_buffers_do_not_change(name, cast):
    model = model_of(LOSSES[name])
    for buffer in model.buffers():
        small = buffer.dtype in (torch.bool, torch.int8, torch.int16, torch.float16)
        buffer.fill_(1 if small else LARGE)
    before = buffers(model)
    CASTS[cast](model)
    after = buffers(model)
    assert after.keys() == before.keys()
    for buffer in before:
        torch.testing.assert_close(after[buffer], before[buffer], rtol=0, atol=0)
    dtype = dict(half=torch.float16, bfloat16=torch.bfloat16, double=torch.float64).get(cast)
    assert dtype is None or model["layer"].weight.dtype == dtype


def batch(ids=range(6)):
    logits, labels = random_batch(len(ids))
    return logits, labels, LossContext(sample_ids=torch.tensor(list(ids)))


def step(loss):
    logits, labels, context = batch()
    loss(logits, labels, context=context)


@ALL_CASTS
def test_histograms_of_masking(cast):
    model = model_of(SMALLEST["PartialLabelMaskingLoss"])
    loss = model["loss"]
    generator = torch.Generator().manual_seed(0)
    counts = torch.randint(LARGE, 100 * LARGE, loss.histograms.shape, generator=generator)
    loss.histograms += counts
    twin = copy.deepcopy(loss)
    CASTS[cast](model)
    assert loss.histograms.dtype == torch.int64
    torch.testing.assert_close(loss.histograms, counts, rtol=0, atol=0)
    for each in (loss, twin):
        each.update_statistics()
    assert (
        loss.ideal_positive_ratio != build(SMALLEST["PartialLabelMaskingLoss"]).ideal_positive_ratio
    ).any()
    torch.testing.assert_close(loss.ideal_positive_ratio, twin.ideal_positive_ratio, rtol=0, atol=0)
    torch.testing.assert_close(loss.class_state(), twin.class_state(), rtol=0, atol=0)
    assert loss.ideal_positive_ratio.isfinite().all()


@ALL_CASTS
@pytest.mark.parametrize("window", ["run", "epoch", "ema"])
def test_sums_of_the_class_prior(cast, window):
    model = model_of(dict(type="ClassPriorTrackingLoss", loss=PLAIN, window=window))
    loss = model["loss"]
    for buffer, value in (
        (loss.window_sum, 30_000.25),
        (loss.window_images, LARGE),
        (loss.probability_sum, 3 * LARGE + 0.125),
        (loss.image_count, 4 * LARGE),
    ):
        buffer.fill_(value)
    CASTS[cast](model)
    assert loss.window_sum.dtype == loss.probability_sum.dtype == torch.float64
    loss.update_statistics()
    added, images = 3 * LARGE + 0.125, 4 * LARGE
    expected = {
        "run": (30_000.25 + added) / (LARGE + images),
        "epoch": added / images,
        "ema": (0.9 * 30_000.25 + 0.1 * added / images) / (0.9 * LARGE + 0.1),
    }[window]
    assert loss.class_prior.dtype == torch.float32
    assert loss.class_prior.tolist() == pytest.approx([expected] * 3, rel=1e-6)


@ALL_CASTS
def test_soft_labels_and_their_statistics(cast):
    """The smallest probability, 1e-38, would be 0 in half precision, and 0 means no soft label."""
    config = dict(type="AsymmetricPseudoLabelLoss", num_images=6, warmup_epochs=1)
    model = model_of(config)
    loss = model["loss"]
    step(loss)
    loss.soft_labels[:, 5] = 1e-38
    loss.probability_sum[1, 4] = LARGE
    loss.visits[4] = 2 * LARGE
    twin = copy.deepcopy(loss)
    CASTS[cast](model)
    assert loss.soft_labels.dtype == loss.probability_sum.dtype == loss.visits.dtype == torch.float32
    for each in (loss, twin):
        each.proportion = 1.0
        each.set_progress(0, 2, 0)  # all unknown elements get a label after one epoch
        each.update_statistics()
    torch.testing.assert_close(loss.soft_labels, twin.soft_labels, rtol=0, atol=0)
    assert (loss.soft_labels[:, 5] > 0).all()
    assert loss.soft_labels[1, 4].item() == 0.5
    assert loss.soft_labels.isfinite().all()


@ALL_CASTS
@pytest.mark.parametrize("name", ["StatisticsBalancedLoss", "ClassBalancedLoss", "LDAMLoss"])
def test_weights_of_large_counts(name, cast):
    counts = torch.tensor([LARGE, 5 * LARGE, 999]), torch.tensor([9 * LARGE, 1, 9_000_000])
    model = model_of(SMALLEST[name])
    model["loss"].set_label_counts(*counts)
    twin = copy.deepcopy(model["loss"])
    CASTS[cast](model)
    state, expected = model["loss"].class_state(), twin.class_state()
    assert state.keys() == expected.keys()
    for key in expected:
        torch.testing.assert_close(state[key], expected[key], rtol=0, atol=0)
        assert state[key].isfinite().all()


@pytest.mark.parametrize("cast", ["half", "bfloat16"])
def test_counts_that_are_set_after_the_cast_are_exact(cast):
    """The hook sets the counts when training begins, after the model was built and cast."""
    model = model_of(SMALLEST["StatisticsBalancedLoss"])
    CASTS[cast](model)
    model["loss"].set_label_counts(torch.tensor([LARGE] * 3), torch.tensor([9 * LARGE + 1] * 3))
    assert model["loss"].positives.tolist() == [LARGE] * 3
    assert model["loss"].negatives.tolist() == [9 * LARGE + 1] * 3


@ALL_CASTS
def test_a_step_after_the_cast_gathers_statistics(cast):
    for name in ("PartialLabelMaskingLoss", "ClassPriorTrackingLoss", "PriorMatchedPseudoLabelLoss"):
        model, twin = model_of(SMALLEST[name]), build(SMALLEST[name])
        CASTS[cast](model)
        step(model["loss"])
        step(twin)
        for buffer, expected in zip(model["loss"].gathered(), twin.gathered()):
            torch.testing.assert_close(buffer, expected, rtol=0, atol=0)
