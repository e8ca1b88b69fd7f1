"""CheXpert: labels for -1 and blank cells, and malformed files."""

from __future__ import annotations

import pytest

from mmpretrain_imbalance.datasets.readers.chexpert import read_chexpert
from tests.datasets.published_files import names_of, saved, table_of, write_chexpert

WORDS = {"unknown": -1, "positive": 1, "negative": 0}


@pytest.mark.parametrize("uncertain", WORDS)
@pytest.mark.parametrize("blank", WORDS)
def test_choices(tmp_path, uncertain, blank):
    path = write_chexpert(tmp_path / "train.csv")
    store = saved(read_chexpert(path, uncertain=uncertain, blank=blank), tmp_path / "store")
    assert store.class_names == ("No Finding", "Edema", "Fracture")
    assert table_of(store) == [[1, WORDS[blank], 0], [WORDS[blank], WORDS[uncertain], 1]]


def test_prefix(tmp_path):
    path = write_chexpert(tmp_path / "train.csv")
    rows = read_chexpert(path, strip_prefix="CheXpert-v1.0-small/")
    assert names_of(saved(rows, tmp_path / "store"))[0] == "train/patient00001/study1/view1_frontal.jpg"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a.jpg,Male,87,Lateral,,2,,", r"'No Finding' of line 4 in .* must be 1, 0, -1 or blank. Got '2'"),
        ("a.jpg,Male", r"'row' of line 4 in .* 8 cells, as in the header. Got '2 cells'"),
        (",Male,87,Lateral,,1,,", r"'Path' of line 4 in .* the path of an image"),
    ],
)
def test_malformed_lines(tmp_path, line, message):
    path = write_chexpert(tmp_path / "train.csv")
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(ValueError, match=message):
        read_chexpert(path).save(tmp_path / "store")
    assert not (tmp_path / "store").exists()
    rows = read_chexpert(path, skip_malformed=True)
    assert len(saved(rows, tmp_path / "store")) == 2
    assert list(rows.notes.values()) == [1]


def test_empty_lines(tmp_path):
    path = write_chexpert(tmp_path / "train.csv")
    first, *rest = path.read_text().splitlines()
    path.write_text("\n\n".join([first, *rest, "\n"]))
    assert len(saved(read_chexpert(path), tmp_path / "store")) == 2
    path.write_text(path.read_text() + "x.jpg\n")
    with pytest.raises(ValueError, match=r"'row' of line 8 in"):
        read_chexpert(path).save(tmp_path / "other")


def test_no_path_column(tmp_path):
    (tmp_path / "train.csv").write_text("image,Edema\n")
    with pytest.raises(ValueError, match=r"must have a column 'Path'. Got 'image,Edema'"):
        read_chexpert(tmp_path / "train.csv")


def test_a_repeated_image(tmp_path):
    path = write_chexpert(tmp_path / "train.csv")
    first = path.read_text().splitlines()[1]
    path.write_text(path.read_text() + first.replace("1.0,,0.0", "0.0,,1.0") + "\n")
    with pytest.raises(ValueError, match=r"'Path' of line 4 in .* not already in line 2. Got 'CheXpert"):
        read_chexpert(path).save(tmp_path / "store")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfeP\x00a\x00", r"train.csv must be text in UTF-8"),
        (b"Path,Edema\na.jpg,1\n\xe9.jpg,1\n", r"train.csv must be text in UTF-8"),
        (b"Path,Edema\na.jpg,1\n\0.jpg,1\n", r"train.csv must be text. Got a NUL byte in line 3"),
        (
            b'Path,Edema\n"a.jpg,1\n' + b"b.jpg,1\n" * 20000,
            r"train.csv must be CSV. Got an error in the row of line 2",
        ),
        (
            b'Path,Edema\na.jpg,1\n"b.jpg,1\nc.jpg",1\n',
            r"row of line 3 in .*train.csv must end in the same line",
        ),
    ],
)
def test_files_that_are_not_tables(tmp_path, content, message):
    (tmp_path / "train.csv").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_chexpert(tmp_path / "train.csv").save(tmp_path / "store")
