"""Image folders with one folder per class."""

from __future__ import annotations

import os

import pytest

from mmpretrain_imbalance.datasets.readers.image_folders import read_image_folders
from tests.datasets.published_files import names_of, saved, table_of


@pytest.mark.parametrize(("others", "label"), [("unknown", -1), ("negative", 0)])
def test_labels(tmp_path, others, label):
    hidden = (".cache/x.jpg", "dog/.ipynb_checkpoints/x.jpg", "dog/._a.jpg", "dog/.deep/er/x.jpg")
    for name in ("dog/b.png", "cat/deep/a.JPG", "dog/a.jpg", "dog/notes.txt", "cat/deep/c.gif", *hidden):
        (tmp_path / "images" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "images" / name).touch()
    (tmp_path / "images" / "dog" / "folder.jpg").mkdir()
    rows = read_image_folders(tmp_path / "images", others=others)
    store = saved(rows, tmp_path / "store")
    assert names_of(store) == ["cat/deep/a.JPG", "dog/a.jpg", "dog/b.png"]
    assert store.class_names == ("cat", "dog")
    assert table_of(store) == [[1, label], [label, 1], [label, 1]]
    ((note, count),) = rows.notes.items()
    assert (count, note.endswith("the first: cat/deep/c.gif")) == (2, True)


@pytest.mark.parametrize("name", [b"cat/\xe9.jpg", b"\xe9/a.jpg"])
def test_names_in_another_encoding(tmp_path, name):
    path = os.fsencode(tmp_path / "images") + b"/" + name
    try:
        os.makedirs(os.path.dirname(path))
        open(path, "w").close()
    except OSError:
        pytest.skip("file names of this system are in UTF-8")
    with pytest.raises(ValueError, match=r"below .*images must be in UTF-8. Got b'.*\\xe9.* instead"):
        read_image_folders(tmp_path / "images", others="unknown").save(tmp_path / "store")


def test_missing_folders_and_images(tmp_path):
    with pytest.raises(ValueError, match=r"must have one folder per class"):
        read_image_folders(tmp_path, others="unknown")
    (tmp_path / "cat").mkdir()
    with pytest.raises(ValueError, match=r"must have images. Got no image in .*cat instead"):
        read_image_folders(tmp_path, others="unknown").save(tmp_path / "store")
    with pytest.raises(FileNotFoundError, match=r"must exist"):
        read_image_folders(tmp_path / "absent", others="unknown")
