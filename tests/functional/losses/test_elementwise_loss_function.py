"""Properties of all elementwise loss functions of the package."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

import pytest
import torch

import mmpretrain_imbalance.functional
from mmpretrain_imbalance.functional import elementwise_loss_function
from tests.functional.loop_oracle import tables

SHAPE = (5, 6)
GENERATOR = torch.Generator().manual_seed(3)
FRACTIONS = torch.rand(SHAPE, generator=GENERATOR, dtype=torch.float64)
#: Name and value of every argument without a default.
REQUIRED = dict(
    answers=(3 * FRACTIONS).long() - 1,
    class_weight=1 + FRACTIONS[0],
    corrected=FRACTIONS > 0.8,
    epoch=1,
    estimates=4 * FRACTIONS - 2,
    expected_positives=1.5,
    large=FRACTIONS > 0.8,
    margins=FRACTIONS[0] / 2,
    negatives=torch.full((6,), 50.0),
    positives=torch.arange(1.0, 7.0),
    probability=FRACTIONS[0],
    soft_labels=FRACTIONS - 0.3,
    tau=0.6,
    threshold=0.6,
)


def loss_functions() -> dict:
    """Return all public functions of the package that have ``unvalidated``, by name."""
    found = {}
    package = mmpretrain_imbalance.functional
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        members = vars(importlib.import_module(module.name))
        found |= {
            name: member
            for name, member in members.items()
            if hasattr(member, "unvalidated") and not name.startswith("_")
        }
    return found


FUNCTIONS = loss_functions()


def arguments_of(function) -> dict:
    parameters = list(inspect.signature(function).parameters.values())[2:]
    return {p.name: REQUIRED[p.name] for p in parameters if p.default is inspect.Parameter.empty}


def value_and_slope(function, logits, labels, arguments):
    inputs = logits.clone().requires_grad_()
    table = function(inputs, labels, **arguments)
    weight = torch.linspace(1, 2, table.numel(), dtype=torch.float64).view_as(table)
    return table.detach(), torch.autograd.grad((table * weight).sum(), inputs)[0]


def test_all_loss_functions_are_found():
    assert {"partial_binary_cross_entropy", "partial_asymmetric_loss", "zlpr_loss"} <= set(FUNCTIONS)


@pytest.mark.parametrize("dtype", [torch.int64, torch.float32, torch.float64, torch.float16])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_labels_of_every_dtype_equal_int8_labels(name, dtype):
    logits, labels = tables(shape=SHAPE)
    function, arguments = FUNCTIONS[name], arguments_of(FUNCTIONS[name])
    expected = value_and_slope(function, logits, labels.to(torch.int8), arguments)
    for form in (function, function.unvalidated):
        for found, by_bytes in zip(value_and_slope(form, logits, labels.to(dtype), arguments), expected):
            torch.testing.assert_close(found, by_bytes, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_validated_and_unvalidated_functions_agree_on_soft_labels(name):
    logits, labels = tables(shape=SHAPE)
    labels = torch.where(FRACTIONS < 0.3, FRACTIONS, labels.double())
    function, arguments = FUNCTIONS[name], arguments_of(FUNCTIONS[name])
    for one, other in zip(
        value_and_slope(function, logits, labels, arguments),
        value_and_slope(function.unvalidated, logits, labels, arguments),
    ):
        torch.testing.assert_close(one, other, rtol=0, atol=0)
        assert one.isfinite().all()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_invalid_inputs_raise_with_the_name_of_the_function(name):
    function, arguments = FUNCTIONS[name], arguments_of(FUNCTIONS[name])
    logits, labels = tables(shape=SHAPE)
    with pytest.raises(ValueError, match=rf"'labels' argument of {name} must be 1 \(positive\)"):
        function(logits, labels.masked_fill(labels == 1, 2), **arguments)
    with pytest.raises(ValueError, match=rf"'logits' argument of {name} must be numbers"):
        function(logits.masked_fill(labels == 1, torch.nan), labels, **arguments)


@pytest.mark.parametrize("mix", [True, False])
def test_inputs_of_the_decorated_function(mix):
    seen = []

    @elementwise_loss_function(mix_soft_labels=mix)
    def loss(logits, labels):
        seen.append((logits.dtype, labels.dtype))
        return logits * labels

    half = torch.zeros(1, 2, dtype=torch.float16)
    loss(half, torch.tensor([[1, -1]]))
    loss(half, torch.tensor([[1.0, -1.0]]))
    loss(half.double(), torch.tensor([[0.5, -1.0]]))
    in_bytes = (torch.float32, torch.int8)
    soft = [(torch.float64, torch.int8)] * 2 if mix else [(torch.float64, torch.float64)]
    assert seen == [in_bytes, in_bytes, *soft]
