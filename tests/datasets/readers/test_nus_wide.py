"""NUS-WIDE: the official lists."""

from __future__ import annotations

import pytest

from mmpretrain_imbalance.datasets.readers.nus_wide import read_nus_wide
from tests.datasets.published_files import names_of, saved, table_of, write_lines, write_nus_wide


@pytest.fixture
def root(tmp_path):
    write_nus_wide(tmp_path)
    return tmp_path


def test_labels(root):
    store = saved(read_nus_wide(root, "Train"), root / "store")
    assert store.class_names == ("airport", "zebra")
    assert names_of(store) == ["actor/0001_2124494179.jpg", "zoo/0002_99.jpg"]
    assert table_of(store) == [[0, 1], [1, 1]]


@pytest.mark.parametrize("character", "\x0b\x0c\x1c\x85\u2028")
def test_only_line_ends_separate_labels(root, character):
    """str.splitlines also splits at these characters."""
    labels = root / "Groundtruth" / "TrainTestLabels" / "Labels_zebra_Train.txt"
    labels.write_text(f"1{character}1\n")
    with pytest.raises(ValueError, match=r"must have one line for each of the 2 images. Got 1 lines"):
        read_nus_wide(root, "Train")
    write_lines(labels, "1", "1", " ", "")
    write_lines(root / "ImageList" / "TrainImagelist.txt", f"./a{character}b.jpg", "c\\d.jpg")
    store = saved(read_nus_wide(root, "Train"), root / "store")
    assert names_of(store) == [f"./a{character}b.jpg", "c/d.jpg"]


def test_wrong_files(root):
    labels = root / "Groundtruth" / "TrainTestLabels" / "Labels_zebra_Train.txt"
    write_lines(labels, "1", "yes")
    with pytest.raises(
        ValueError, match=r"'label' of line 2 in .*Labels_zebra_Train.txt must be 1 or 0. Got 'yes'"
    ):
        read_nus_wide(root, "Train")
    rows = read_nus_wide(root, "Train", skip_malformed=True)
    assert table_of(saved(rows, root / "store")) == [[0, 1], [1, -1]]
    assert list(rows.notes.values()) == [1]
    write_lines(labels, "1")
    with pytest.raises(ValueError, match=r"must have one line for each of the 2 images. Got 1 lines"):
        read_nus_wide(root, "Train")
    labels.write_bytes(b"\xe9\n")
    with pytest.raises(ValueError, match=r"Labels_zebra_Train.txt must be text in UTF-8"):
        read_nus_wide(root, "Train")
    for concept in ("horse", "ho\x1brse", "h" * 10**5):
        write_lines(root / "ConceptsList" / "Concepts81.txt", "airport", concept)
        with pytest.raises(FileNotFoundError, match=r"because Concepts81.txt names 'h") as error:
            read_nus_wide(root, "Train")
        assert str(error.value).isprintable()
        assert len(str(error.value)) < 1000
    write_nus_wide(root)
    write_lines(root / "ImageList" / "TrainImagelist.txt", "", "zoo\\0002_99.jpg")
    with pytest.raises(
        ValueError, match=r"'image' of line 1 in .*TrainImagelist.txt must be the name .* Got ''"
    ):
        read_nus_wide(root, "Train")
    (root / "ImageList" / "TestImagelist.txt").unlink()
    with pytest.raises(FileNotFoundError, match=r"TestImagelist.txt"):
        read_nus_wide(root, "Test")
