"""A loss class and the function of its formula have equal defaults."""

from __future__ import annotations

import inspect

import pytest
from mmpretrain.registry import MODELS

import mmpretrain_imbalance.functional as F
from mmpretrain_imbalance.losses import ElementwiseLoss
from tests.losses.smallest_losses import SMALLEST


def defaults(function) -> dict:
    parameters = inspect.signature(function).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not inspect.Parameter.empty}


def pairs() -> dict:
    """Loss classes and functions by the base name of their modules."""
    losses = [loss for loss in map(MODELS.get, SMALLEST) if issubclass(loss, ElementwiseLoss)]
    found = {loss.__module__.rpartition(".")[2]: loss for loss in losses}
    return {name: (loss, getattr(F, name)) for name, loss in sorted(found.items()) if hasattr(F, name)}


@pytest.mark.parametrize("name", pairs())
def test_class_and_function_have_equal_defaults(name: str) -> None:
    """A schedule of a class starts at the default of the function; None means that the dtype decides."""
    of_class, of_function = map(defaults, pairs()[name])
    shared = {key for key in of_class.keys() & of_function.keys() if of_class[key] is not None}
    for key in shared:
        default = of_class[key]
        if isinstance(default, tuple) and not isinstance(of_function[key], tuple):
            default = default[0]
        assert default == of_function[key], key


def test_defaults_are_compared() -> None:
    loss, function = pairs()["ldam_loss"]
    assert "scale" in defaults(loss).keys() & defaults(function).keys()


def test_an_inherited_argument_is_explained():
    """MMEngine shows this message in every run, whatever command has started it."""
    config = dict(type="ClassPriorTrackingLoss", loss=dict(type="HillLoss", use_sigmoid=True))
    with pytest.raises(
        TypeError,
        match=r"HillLoss got an unexpected keyword argument 'use_sigmoid'. If the config inherits it .*, add "
        r"_delete_=True, .*: dict\(_delete_=True, type='HillLoss', ...\)",
    ):
        MODELS.build(config)
