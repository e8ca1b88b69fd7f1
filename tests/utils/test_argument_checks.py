"""What is let through, what is refused, and in which words."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mmpretrain_imbalance.utils.argument_checks import check_choice, check_integer, check_number


def test_a_word_out_of_the_list_passes_and_another_is_named():
    check_choice("Thing", ("a", "b", None), first="a", second=None)
    with pytest.raises(ValueError, match=r"^The 'second' argument of Thing must be one of 'a', 'b'\. Got 3"):
        check_choice("Thing", ("a", "b"), first="a", second=3)


def test_whole_numbers_pass_and_others_are_refused():
    check_integer("Thing", 0, first=0, second=np.int64(3))
    check_integer("Thing", first=-5)
    for value in (None, "1", 1.0, True, -1):
        expected = (
            f"^The 'first' argument of Thing must be a whole number of at least 0. Got {value!r} instead"
        )
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
def test_numbers_outside_are_refused(low, high, value, message):
    with pytest.raises(ValueError, match=f"^The 'fraction' argument of Thing {message}"):
        check_number("Thing", low, high, fraction=value)


@pytest.mark.parametrize("value", ["1", None, [1]])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(TypeError, match=r"^The 'fraction' argument of Thing must be a number\. Got"):
        check_number("Thing", 0, 1, fraction=value)
