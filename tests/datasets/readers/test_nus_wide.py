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
    for concept in ("horse", "ho\x1brse", "h" * 300):
        write_lines(root / "ConceptsList" / "Concepts81.txt", "airport", concept)
        with pytest.raises(FileNotFoundError, match=r"because Concepts81.txt names 'h") as error:
            read_nus_wide(root, "Train")
        assert str(error.value).isprintable()
    (root / "ImageList" / "TestImagelist.txt").unlink()
    with pytest.raises(FileNotFoundError, match=r"TestImagelist.txt"):
        read_nus_wide(root, "Test")
