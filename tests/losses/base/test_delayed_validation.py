"""Delayed validation: wrong values raise in a later step, with their position."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

import pytest
import torch
from mmpretrain.registry import MODELS

from mmpretrain_imbalance.functional import LossContext
from mmpretrain_imbalance.losses import ElementwiseLoss
from tests.losses.smallest_losses import SMALLEST, build

LABELS = torch.tensor([[1, 0, -1], [0, 1, 0]], dtype=torch.int8)
IMAGES = LossContext(sample_ids=torch.tensor([3, 5]))
WITH_IDS = dict(SMALLEST["OnlineLabelEstimationLoss"])


def changed(values: torch.Tensor, value: float) -> torch.Tensor:
    """Return a copy of the values with another value at sample 1, class 2."""
    values = values.clone()
    values[1, 2] = value
    return values


LABELS_AT = "'labels' argument of PartialAsymmetricLoss must be 1 .* another value at sample 1, class 2 of"
#: Config, arguments of the call with a wrong value, and the message.
FAULTS = {
    "int8 label": (None, (torch.zeros(2, 3), changed(LABELS, 7)), LABELS_AT),
    "int8 label below": (None, (torch.zeros(2, 3), changed(LABELS, -2)), LABELS_AT),
    "first element": (
        None,
        (torch.zeros(2, 3), torch.tensor([[2, 0, 0], [0, 0, 0]], dtype=torch.int8)),
        "another value at sample 0, class 0 of",
    ),
    "float label": (None, (torch.zeros(2, 3), changed(LABELS.float(), 1.5)), LABELS_AT),
    "label between -1 and 0": (None, (torch.zeros(2, 3), changed(LABELS.float(), -0.5)), LABELS_AT),
    "label that is NaN": (None, (torch.zeros(2, 3), changed(LABELS.float(), torch.nan)), LABELS_AT),
    "wrapped -1": (None, (torch.zeros(2, 3), changed(LABELS.abs().to(torch.uint8), 255)), LABELS_AT),
    "logit that is NaN": (
        None,
        (changed(torch.zeros(2, 3), torch.nan), LABELS),
        "'logits' argument of PartialAsymmetricLoss must be numbers.* at sample 1, class 2 of an earlier",
    ),
    "class index above": (
        None,
        (torch.zeros(2, 3), torch.tensor([2, 3])),
        "'target' argument of PartialAsymmetricLoss must be class indices .* at sample 1 of an earlier",
    ),
    "class index below": (
        None,
        (torch.zeros(2, 3), torch.tensor([0, -1])),
        "'target' argument of PartialAsymmetricLoss must be class indices .* at sample 1 of an earlier",
    ),
    "sample id": (
        WITH_IDS,
        (torch.zeros(2, 3), LABELS, LossContext(sample_ids=torch.tensor([63, 64]))),
        "'num_images' argument of OnlineLabelEstimationLoss must be the length .* at sample 1 of an earlier",
    ),
}
ALL_ERRORS = pytest.mark.parametrize("fault", FAULTS)


def loss_of(fault: str, validate: str) -> ElementwiseLoss:
    return build(dict(FAULTS[fault][0] or dict(type="PartialAsymmetricLoss"), validate=validate))


def call(loss, logits, target, context=IMAGES) -> torch.Tensor:
    value = loss(logits.clone().requires_grad_(), target, context=context)
    value.backward()
    return value


def call_correctly(loss) -> torch.Tensor:
    return call(loss, torch.zeros(2, 3), LABELS)


def call_correctly_twice(loss) -> None:
    """Take two steps; the second one reads the error code that the first one copied."""
    for _ in range(2):
        call_correctly(loss)


@ALL_ERRORS
def test_a_later_step_raises(fault):
    _, arguments, message = FAULTS[fault]
    loss = loss_of(fault, "later")
    call_correctly(loss)
    call(loss, *arguments)
    with pytest.raises(ValueError, match=message):
        call_correctly_twice(loss)


@pytest.fixture(scope="module")
def compiled() -> Iterator[Callable[[str], tuple[ElementwiseLoss, ElementwiseLoss]]]:
    """Return the loss of a fault and its compiled form; faults of the same loss have the same loss."""
    pairs = {}
    torch._dynamo.reset()

    def pair_of(fault: str) -> tuple[ElementwiseLoss, ElementwiseLoss]:
        key = id(FAULTS[fault][0])
        if key not in pairs:
            loss = loss_of(fault, "later")
            pairs[key] = loss, torch.compile(loss, fullgraph=True, backend="eager")
        loss, compiled = pairs[key]
        loss.delayed_validation.raise_found("the fault of a test before")
        return loss, compiled

    yield pair_of
    torch._dynamo.reset()


@ALL_ERRORS
def test_the_hook_raises_after_correct_steps(fault, compiled):
    """The hook does so before a checkpoint; compiled code does not raise."""
    _, arguments, message = FAULTS[fault]
    loss, compiled_loss = compiled(fault)
    call(compiled_loss, *arguments)
    for _ in range(3):
        call_correctly(compiled_loss)
    with pytest.raises(ValueError, match=message):
        loss.delayed_validation.raise_found(type(loss).__name__)


@ALL_ERRORS
def test_an_eager_step_raises_after_compiled_ones(fault, compiled):
    _, arguments, message = FAULTS[fault]
    loss, compiled_loss = compiled(fault)
    call(compiled_loss, *arguments)
    with pytest.raises(ValueError, match=message):
        call_correctly_twice(loss)


@ALL_ERRORS
def test_now_raises_in_the_same_step_and_never_does_not_raise(fault):
    _, arguments, _ = FAULTS[fault]
    with pytest.raises(ValueError, match="argument of"):
        call(loss_of(fault, "now"), *arguments)
    if fault in ("wrapped -1", "sample id"):
        return  # without validation, the result of such values depends on the loss
    loss = loss_of(fault, "never")
    call(loss, *arguments)
    call_correctly(loss)
    loss.delayed_validation.raise_found("SomeLoss")


def test_an_error_is_raised_once():
    loss = loss_of("int8 label", "later")
    call(loss, torch.zeros(2, 3), changed(LABELS, 7))
    with pytest.raises(ValueError, match="sample 1, class 2"):
        call_correctly(loss)
    for _ in range(3):
        call_correctly(loss)


def test_the_error_names_the_first_of_several_wrong_values():
    loss = loss_of("int8 label", "later")
    labels = changed(LABELS, 7)
    labels[0, 1] = 7
    call(loss, torch.zeros(2, 3), labels)
    with pytest.raises(ValueError, match="sample 0, class 1"):
        loss.delayed_validation.raise_found("SomeLoss")


def test_a_copied_loss_records_its_own_errors():
    loss = loss_of("int8 label", "later")
    call_correctly(loss)
    twin = copy.deepcopy(loss)
    call(twin, torch.zeros(2, 3), changed(LABELS, 7))
    call_correctly(loss)
    loss.delayed_validation.raise_found("SomeLoss")
    with pytest.raises(ValueError, match="sample 1, class 2"):
        twin.delayed_validation.raise_found("SomeLoss")


def test_only_the_loss_that_is_called_validates():
    loss = build(dict(type="PseudoLabelLoss", loss=dict(type="HillLoss"), validate="later"))
    call(loss, torch.zeros(2, 3), changed(LABELS, 7))
    assert int(loss.loss.delayed_validation.fault) == 0
    with pytest.raises(ValueError, match="argument of PseudoLabelLoss"):
        call_correctly(loss)


def test_now_is_the_default_on_a_cpu():
    loss = MODELS.build(dict(type="PartialAsymmetricLoss"))
    with pytest.raises(ValueError, match="Got 7 at sample 1, class 2 instead"):
        loss(torch.zeros(2, 3), changed(LABELS, 7))
