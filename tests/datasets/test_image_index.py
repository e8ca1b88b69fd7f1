"""Files found by the names that people and programs give them; ambiguous names are not guessed."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from mmpretrain_imbalance.datasets import ImageIndex

NFC, NFD = (unicodedata.normalize(form, "Größe é.jpg") for form in ("NFC", "NFD"))


def touch(folder: Path, *names: str) -> ImageIndex:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return ImageIndex(folder)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("a.jpg", "a.jpg"),
        ("./a.jpg", "a.jpg"),
        (" a.jpg ", "a.jpg"),
        ("cat/1.png", "cat/1.png"),
        ("cat\\1.png", "cat/1.png"),
        ("cat//1.png", "cat/1.png"),
        # Leading folders that do not exist in the folder.
        ("C:/photos/a.jpg", "a.jpg"),
        ("C:\\photos\\cat\\1.png", "cat/1.png"),
        ("\\\\server\\photos\\a.jpg", "a.jpg"),
        ("/home/ann/cat/1.png", "cat/1.png"),
        ("file:///home/ann/a.jpg", "a.jpg"),
        ("../photos/a.jpg", "a.jpg"),
        # Without the suffix, or in another case.
        ("a", "a.jpg"),
        ("cat/1", "cat/1.png"),
        ("A.JPG", "a.jpg"),
        ("scan.2020", "Scan.2020.JPEG"),
        ("d:/CAT/1", "cat/1.png"),
        # In a subfolder that the name does not have.
        ("deep.jpg", "x/y/deep.jpg"),
        ("y/deep", "x/y/deep.jpg"),
        # The two Unicode normal forms, in the table and on disk.
        (NFC, NFD),
        (NFD, NFD),
        (NFC.upper(), NFD),
        ("notes.txt", "notes.txt"),
    ],
)
def test_a_file_is_found_by_its_names(tmp_path, name, path) -> None:
    index = touch(tmp_path, "a.jpg", "cat/1.png", "Scan.2020.JPEG", "x/y/deep.jpg", NFD, "notes.txt")
    assert index.find(name).path == path


@pytest.mark.parametrize(
    ("name", "candidates"),
    [
        ("a.jpg", ["a.jpg"]),  # the exact path comes before the same name in a subfolder
        ("b.jpg", ["x/b.jpg", "y/b.jpg"]),
        ("c", ["c.jpg", "c.png"]),
        ("c.png", ["c.png"]),
        ("D.JPG", ["D.jpg", "d.jpg"]),
        ("d.jpg", ["d.jpg"]),
        ("x/c.jpg", []),  # the folder x exists: the image in it is missing
        ("z/c.jpg", ["c.jpg"]),
        ("other/x/b.jpg", ["x/b.jpg"]),
        ("y/x/b.jpg", []),
        ("", []),
        ("e.jpg", []),
    ],
)
def test_several_possible_files_are_not_guessed(tmp_path, name, candidates) -> None:
    names = "a.jpg", "x/a.jpg", "x/b.jpg", "y/b.jpg", "c.jpg", "c.png", "D.jpg", "d.jpg"
    match = touch(tmp_path, *names).find(name)
    assert match.candidates == candidates
    assert match.path == (candidates[0] if len(candidates) == 1 else None)


def test_a_number_without_its_zeros_is_similar_and_no_match(tmp_path: Path) -> None:
    for name in ("000003.jpg", "000030.jpg"):
        (tmp_path / name).touch()
    assert tuple(ImageIndex(tmp_path).find("3")) == (None, [], ["000003.jpg"])
    assert ImageIndex(tmp_path).find("4").similar == []
