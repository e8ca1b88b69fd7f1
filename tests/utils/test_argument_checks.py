"""Accepted and rejected arguments, and the error messages."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mmpretrain_imbalance.utils.argument_checks import check_choice, check_integer, check_number


def test_allowed_choices_pass_and_others_raise():
    check_choice("Thing", ("a", "b", None), first="a", second=None)
    with pytest.raises(ValueError, match=r"^The 'second' argument of Thing must be one of 'a', 'b'\. Got 3"):
        check_choice("Thing", ("a", "b"), first="a", second=3)


def test_integers_pass_and_other_values_raise():
    check_integer("Thing", 0, first=0, second=np.int64(3))
    check_integer("Thing", first=-5)
    for value in (None, "1", 1.0, True, -1):
        expected = f"^The 'first' argument of Thing must be an integer of at least 0. Got {value!r} instead"
        with pytest.raises(ValueError, match=expected):
            check_integer("Thing", 0, first=value)


@pytest.mark.parametrize("value", [0, 1, 0.5, True])
def test_numbers_within_the_range_pass_with_both_ends(value):
    check_number("Thing", 0, 1, fraction=value)


@pytest.mark.parametrize(
    ("low", "high", "value", "message"),
    [
        (0, 1, 1.1, r"must be a number from 0 to 1\. Got 1\.1 instead"),
        (0, 1, -1, r"must be a number from 0 to 1\. Got -1 instead"),
        (2, math.inf, 1, r"must be at least 2\. Got 1 instead"),
        (-math.inf, math.inf, math.nan, r"must be a finite number\. Got nan instead"),
        (0, math.inf, math.inf, r"must be a finite number of at least 0\. Got inf instead"),
    ],
)
def test_numbers_out_of_range_raise(low, high, value, message):
    with pytest.raises(ValueError, match=f"^The 'fraction' argument of Thing {message}"):
        check_number("Thing", low, high, fraction=value)


@pytest.mark.parametrize("value", ["1", None, [1]])
def test_values_that_are_not_numbers_raise(value):
    with pytest.raises(TypeError, match=r"^The 'fraction' argument of Thing must be a number\. Got"):
        check_number("Thing", 0, 1, fraction=value)
