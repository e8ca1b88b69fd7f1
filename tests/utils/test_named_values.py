"""Values per class are matched by name, and errors of a file are named."""

from __future__ import annotations

import pytest

from mmpretrain_imbalance.utils.class_values import read_named_values, write_named_values


@pytest.mark.parametrize("ending", ["json", "csv"])
def test_round_trip_by_name(tmp_path, ending):
    path = tmp_path / f"prior.{ending}"
    names = ["cat", "dog, small", 'a "b"', "käse", "a\rb"]
    write_named_values(path, names, dict(class_prior=[0.1, 1 / 3, 0, 1, 0.5], other=[1, 2, 3, 4, 5]))
    assert read_named_values(path, "class_prior", names[::-1]) == [0.5, 1, 0, 1 / 3, 0.1]
    assert read_named_values(path, "other", ["cat"]) == [1]


@pytest.mark.parametrize("ending", ["json", "csv"])
def test_a_file_that_a_spreadsheet_saved(tmp_path, ending):
    path = tmp_path / f"prior.{ending}"
    write_named_values(path, ["cat", "dog"], dict(class_prior=[0.1, 0.3]))
    path.write_text(path.read_text(encoding="utf-8"), encoding="utf-8-sig")  # with a byte order mark
    assert read_named_values(path, "class_prior", ["dog", "cat"]) == [0.3, 0.1]


@pytest.mark.parametrize("ending", ["json", "csv"])
def test_missing_class_is_named(tmp_path, ending):
    path = tmp_path / f"prior.{ending}"
    write_named_values(path, ["cat"], dict(class_prior=[0.1]))
    with pytest.raises(
        ValueError,
        match=r"prior.*: expected a class_prior value for each of the 3 .* found none for 'dog' and 1 more",
    ):
        read_named_values(path, "class_prior", ["cat", "dog", "cow"])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.json", "{", "must be complete JSON"),
        ("a.json", "[" * 10**5, "must be JSON with a few nested levels"),
        ("a.json", '{"classes": ["x"], "p": [%s]}' % ("9" * 5000), "numbers of at most 4,300 digits"),
        ("a.json", '{"classes": ["x"], "p": [%s]}' % ("9" * 400), "expected a number, found 9999"),
        ("a.json", '{"classes": [["x"]], "p": [1]}', r"expected names of classes, found \['x'\]"),
        ("a.json", "[]", "expected the lists 'classes' and 'p'"),
        ("a.json", '{"classes": ["x"], "p": [1, 2]}', "of equal length"),
        (
            "a.json",
            '{"classes": ["x"], "p": ["much"]}',
            "class 'x', field 'p': expected a number, found 'much'",
        ),
        ("a.json", '{"classes": ["x"], "p": [NaN]}', "class 'x', field 'p': expected a number, found nan"),
        ("a.json", '{"classes": ["x", "x"], "p": [1, 2]}', "'x' twice"),
        ("a.json", '{"classes": ["%s"], "p": [null]}' % ("x" * 5000), "class 'x{199} ..., field"),
        ("a.csv", "class,p\n{0},1\n{0},2\n".format("x" * 5000), "found 'x{199} ... twice"),
        ("a.csv", "", "line 1: expected the columns 'class' and 'p'"),
        ("a.csv", "class,q\nx,1\n", "line 1: expected the columns 'class' and 'p'"),
        ("a.csv", "class,p,p\nx,1,2\n", "line 1: expected the columns 'class' and 'p' once"),
        ("a.csv", "class,p\nx,\n", "class 'x', field 'p': expected a number, found ''"),
        ("a.csv", "class,p\nx\n", "class 'x', field 'p': expected a number, found None"),
        ("a.csv", "class,p\nx,1\nx,2\n", "'x' twice"),
        ("a.txt", "", "must end in .json or .csv"),
    ],
)
def test_malformed_files(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(ValueError, match=message) as error:
        read_named_values(path, "p", ["x"])
    assert name in str(error.value)


def test_absent_file(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"file of class_prior values must exist. Got .*absent.json' instead"
    ):
        read_named_values(tmp_path / "absent.json", "class_prior", [])
    with pytest.raises(ValueError, match=r"must end in .json or .csv"):
        write_named_values(tmp_path / "prior.npy", [], {})
    assert list(tmp_path.iterdir()) == []


def test_columns_of_another_length_raise(tmp_path):
    with pytest.raises(ValueError, match=r"2 classes"):
        write_named_values(tmp_path / "a.csv", ["x", "y"], dict(p=[1.0]))
    assert list(tmp_path.iterdir()) == []
