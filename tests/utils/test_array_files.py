"""``.npy`` and ``.npz`` files of any origin: their arrays, or one sentence."""

from __future__ import annotations

import numpy as np
import pytest

from mmpretrain_imbalance.utils.array_files import load_archive, load_array
from tests.utils.array_bytes import DAMAGED, described, npy, npz


def test_arrays_are_those_of_numpy(tmp_path):
    array = np.arange(6, dtype=np.int16).reshape(2, 3)
    np.save(tmp_path / "a.npy", array)
    for mode in (None, "r"):
        np.testing.assert_array_equal(load_array(tmp_path / "a.npy", mode), array)
    assert isinstance(load_array(tmp_path / "a.npy", "r"), np.memmap)
    np.savez(tmp_path / "a.npz", first=array, second=np.array(["cat"]))
    found = load_archive(tmp_path / "a.npz")
    assert found.keys() == {"first", "second"}
    np.testing.assert_array_equal(found["first"], array)
    for load in (load_array, load_archive):
        with pytest.raises(FileNotFoundError):
            load(tmp_path / "absent")


@pytest.mark.parametrize("damage", DAMAGED)
def test_damaged_files_raise_one_line(tmp_path, damage):
    (tmp_path / "a.npy").write_bytes(DAMAGED[damage])
    (tmp_path / "a.npz").write_bytes(npz(a=npy([1]), b=DAMAGED[damage]))
    for load, name in ((load_array, "a.npy"), (load_archive, "a.npz"), (load_archive, "a.npy")):
        with pytest.raises(
            ValueError, match=r"^(a damaged file \(|a file of another format|text with numbers)"
        ) as e:
            load(tmp_path / name)
        assert type(e.value) is ValueError
        assert "\n" not in str(e.value)
        assert "allow_pickle" not in str(e.value)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("number", [0x10FFFF, 0x110000, 0x1000067, 2**32 - 1])
def test_texts_of_any_length_have_only_characters(tmp_path, order, number):
    """Python builds longer texts of numbers that are no characters, and then writes wrong UTF-8."""
    for length in (1, 2, 5, 40):
        numbers = np.full(length, ord("a"), dtype=f"{order}u4")
        numbers[-1] = number
        (tmp_path / "a.npy").write_bytes(described(f"'{order}U{length}'", "()", numbers.tobytes()))
        if number == 0x10FFFF:
            assert load_array(tmp_path / "a.npy") == "a" * (length - 1) + chr(number)
            continue
        with pytest.raises(ValueError, match=r"^text with numbers that are no characters$"):
            load_array(tmp_path / "a.npy")


@pytest.mark.parametrize("names", [[], [""], [["cat", "chat \U0010ffff"]]])
def test_texts_without_characters_and_with_the_last_one(tmp_path, names):
    np.save(tmp_path / "a.npy", np.asfortranarray(np.array(names, dtype=str)))
    assert load_array(tmp_path / "a.npy").tolist() == names


def test_an_archive_is_no_array(tmp_path):
    (tmp_path / "a.npy").write_bytes(npz(a=npy([1])))
    with pytest.raises(ValueError, match=r"^a file of another format$"):
        load_array(tmp_path / "a.npy")
    (tmp_path / "a.npz").write_bytes(npy([1]))
    with pytest.raises(ValueError, match=r"^a "):
        load_archive(tmp_path / "a.npz")


def test_elements_that_are_arrays_raise(tmp_path):
    """NumPy reads the two rows of the type '4f8' as two numbers each, although the file would have eight."""
    np.save(tmp_path / "a.npy", np.array([[0.5, 0.25], [1.0, 0.0]]))
    content = (tmp_path / "a.npy").read_bytes()
    assert load_array(tmp_path / "a.npy").shape == (2, 2)
    (tmp_path / "a.npy").write_bytes(content.replace(b"'<f8'", b"'4f8'"))
    with pytest.raises(ValueError, match=r"^a damaged file \(elements that are arrays\)"):
        load_array(tmp_path / "a.npy")
