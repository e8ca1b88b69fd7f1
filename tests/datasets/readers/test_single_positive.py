"""Label matrices in which 0 is unknown or negative, depending on an argument."""

from __future__ import annotations

import numpy as np
import pytest

from mmpretrain_imbalance.datasets.readers.single_positive import read_single_positive_matrices
from tests.datasets.published_files import names_of, saved, table_of

LABELS = np.array([[1, 0, -1], [0, 0, 1]])


@pytest.fixture
def files(tmp_path):
    np.save(tmp_path / "labels.npy", LABELS.astype(np.float64))
    np.save(tmp_path / "images.npy", np.array(["a.jpg", "b.jpg"]))
    return tmp_path / "labels.npy", tmp_path / "images.npy"


@pytest.mark.parametrize(
    ("meaning", "expected"),
    [("zero_is_unknown", [[1, -1, 0], [-1, -1, 1]]), ("zero_is_negative", [[1, 0, -1], [0, 0, 1]])],
)
def test_meanings(files, tmp_path, meaning, expected):
    store = saved(read_single_positive_matrices(*files, meaning=meaning), tmp_path / "store")
    assert table_of(store) == expected
    assert names_of(store) == ["a.jpg", "b.jpg"]
    assert store.class_names == ("0", "1", "2")


def test_names_are_text_or_bytes(files, tmp_path):
    for number, names in enumerate((["a.jpg", "é.jpg"], np.char.encode(["a.jpg", "é.jpg"], "utf-8"))):
        np.save(files[1], names)
        store = saved(
            read_single_positive_matrices(*files, meaning="zero_is_negative"), tmp_path / str(number)
        )
        assert names_of(store) == ["a.jpg", "é.jpg"]
    for names, message in ((np.arange(2), "names of images. Got int64"), ([b"\xe9", b"a"], "in UTF-8")):
        np.save(files[1], names)
        with pytest.raises(ValueError, match=rf"elements of .*images.npy must be {message}"):
            read_single_positive_matrices(*files, meaning="zero_is_negative")


def test_the_meaning_must_be_given(files):
    with pytest.raises(TypeError, match=r"meaning"):
        read_single_positive_matrices(*files)
    with pytest.raises(ValueError, match=r"'meaning' argument .* Got 'zero' instead"):
        read_single_positive_matrices(*files, meaning="zero")


def test_wrong_files(files):
    def read(**options):
        return read_single_positive_matrices(*files, meaning="zero_is_unknown", **options)

    with pytest.raises(ValueError, match=r"must be 3 names, one per column .* Got 1 names instead"):
        read(class_names=["cat"])
    np.save(files[0], LABELS * 2)
    with pytest.raises(ValueError, match=r"must be 1, 0 or -1. Got 2 at image 0, class 0, and 2 more"):
        read()
    np.save(files[0], LABELS[:1])
    with pytest.raises(ValueError, match=r"Got \(1, 3\) and \(2,\) instead"):
        read()
    np.save(files[1], np.array(["a.jpg", None], dtype=object))
    with pytest.raises(ValueError, match=r"images.npy must be a .npy array that needs no unpickling"):
        read()
