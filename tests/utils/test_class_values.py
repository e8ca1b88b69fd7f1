from __future__ import annotations

import numpy as np
import pytest

from mmpretrain_imbalance.utils.class_values import class_values, write_named_values

NAMES = ["cat", "dog"]


@pytest.mark.parametrize("ending", ["json", "csv"])
def test_lists_names_and_files_give_the_same(ending: str, tmp_path) -> None:
    path = tmp_path / f"counts.{ending}"
    write_named_values(path, ["dog", "ape", "cat"], dict(positives=[7, 1, 5]))
    for values in ([5, 7], np.array([5, 7]), dict(dog=7, cat=5, ape=1), path):
        np.testing.assert_array_equal(class_values(values, "positives", NAMES, 2, "metric"), [5, 7])


@pytest.mark.parametrize(
    ("values", "names", "message"),
    [
        (
            [1, 2, 3],
            NAMES,
            r"The positives of metric must be one number for each of the 2 classes. Got the shape \(3,\)",
        ),
        (
            dict(ape=1),
            NAMES,
            "The positives of metric must hold every class .* Got 1 classes without 'cat' and 1 more",
        ),
        ([1, float("nan")], NAMES, "The positives of metric must be numbers. Got NaN"),
        (["1", "x"], NAMES, r"The positives of metric must be numbers. Got \['1', 'x'\]"),
        (
            dict(cat=1),
            None,
            "The positives of metric must be a list in class order if the dataset has no class names",
        ),
    ],
)
def test_values_that_do_not_match_the_classes_raise(values, names, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        class_values(values, "positives", names, 2, "metric")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("some.json", '{"classes": ["dog"], "positives": [7], "default": 3}'),
        ("some.csv", "class,positives\ndog,7\ndefault,3\n"),
    ],
)
def test_default_is_the_value_of_all_classes_that_are_not_named(name: str, content: str, tmp_path) -> None:
    (tmp_path / name).write_text(content)
    for values in (tmp_path / name, dict(dog=7, default=3)):
        found = class_values(values, "positives", ["cat", "dog", "cow"], 3, "metric")
        np.testing.assert_array_equal(found, [3, 7, 3])
        with pytest.raises(ValueError, match=r"'cat'.*add a 'default'"):
            class_values(values, "positives", ["cat", "dog", "default"], 3, "metric")


def test_default_that_is_no_number_raises(tmp_path) -> None:
    (tmp_path / "some.json").write_text('{"classes": ["dog"], "positives": [7], "default": "low"}')
    with pytest.raises(ValueError, match="field 'default': expected a number, found 'low'"):
        class_values(tmp_path / "some.json", "positives", NAMES, 2, "metric")
