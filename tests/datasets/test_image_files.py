"""Images of a table: missing, unreadable, repeated, duplicated, contradictory."""

from __future__ import annotations

import csv
import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmpretrain_imbalance.datasets import (
    find_images,
    join_image_rows,
    label_store_from_array,
    write_image_problems,
)
from mmpretrain_imbalance.datasets import image_files as image_files_module


def draw(path: Path, shade: int = 0) -> Path:
    """Write an image with random pixels, which depend on the shade."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(shade).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def test_every_problem_has_its_row_and_reason(tmp_path) -> None:
    whole = draw(tmp_path / "whole.jpg", 1)
    draw(tmp_path / "x" / "b.jpg", 2)
    draw(tmp_path / "y" / "b.jpg", 3)
    (tmp_path / "copy.jpg").write_bytes(whole.read_bytes())
    (tmp_path / "cut.jpg").write_bytes(whole.read_bytes()[:-200])
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.png").write_text("no image")
    draw(tmp_path / "extra.png", 4)
    draw(tmp_path / ".hidden.png", 5)
    (tmp_path / "notes.txt").write_text("no image, and not named")
    names = ["whole.jpg", "gone.jpg", "b.jpg", "copy.jpg", "cut.jpg", "empty.jpg", "text.png", "whole", "Cut"]
    files = find_images(names, tmp_path)
    assert files.paths == ["whole.jpg", None, None, "copy.jpg", None, None, None, "whole.jpg", None]
    assert files.usable.tolist() == [path is not None for path in files.paths]
    checksum = hashlib.sha256(whole.read_bytes()).hexdigest()
    assert files.checksums == [checksum if path else None for path in files.paths]
    found = {
        kind: [(item.number, item.name, item.path, item.reason) for item in items]
        for kind, items in files.problems.items()
    }
    assert found["missing"] == [(3, "gone.jpg", None, f"no file below {tmp_path} has this name")]
    assert found["ambiguous"] == [(4, "b.jpg", None, "2 files have this name: x/b.jpg, y/b.jpg")]
    assert [(number, path) for number, _, path, _ in found["unreadable"]] == [
        (6, "cut.jpg"),
        (7, "empty.jpg"),
        (8, "text.png"),
        (10, "cut.jpg"),
    ]
    reasons = [reason for *_, reason in found["unreadable"]]
    assert reasons[1] == "an empty file"
    assert all("truncated or broken image" in reasons[place] for place in (0, 2, 3))
    assert found["repeated"] == [(9, "whole", "whole.jpg", "the same image as in row 2")]
    assert found["duplicates"] == [(5, "copy.jpg", "copy.jpg", "the same content as whole.jpg in row 2")]
    assert found["unnamed"] == [(None, "", "extra.png", "no row names this image")]
    assert files.image_groups().tolist() == [0, 1, 2, 0, 3, 4, 5, 0, 6]
    assert files.image_groups(by_content=False).tolist() == [0, 1, 2, 3, 4, 5, 6, 0, 7]

    numbered = find_images(names[:2], tmp_path, row_numbers=[17, 40])
    assert [item.number for item in numbered.missing] == [40]
    assert [item.reason for item in find_images(["", "Extra.JPG"], tmp_path).missing] == [
        "the name is empty",
        f"no file below {tmp_path} has this name (a similar name: extra.png)",
    ]


def test_rows_with_different_names_never_have_one_file(tmp_path) -> None:
    draw(tmp_path / "1.jpg")
    files = find_images(["dog/1.jpg", "cat/1.jpg"], tmp_path)
    assert files.paths == [None, None]
    assert [item.reason for item in files.ambiguous] == [
        "1.jpg is the nearest file, but also that of row 3 with the different name cat/1.jpg",
        "1.jpg is the nearest file, but also that of row 2 with the different name dog/1.jpg",
    ]
    files = find_images(["cat/1.jpg", "1.jpg", "1"], tmp_path)
    assert files.paths == [None, "1.jpg", "1.jpg"]
    assert [item.row for item in files.ambiguous] == [0]
    assert [item.row for item in files.repeated] == [2]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are a feature of Unix")
def test_pipes_and_circular_links_do_not_hang_and_linked_folders_are_read(tmp_path) -> None:
    folder = tmp_path / "photos"
    draw(tmp_path / "elsewhere" / "a.jpg")
    folder.mkdir()
    os.mkfifo(folder / "pipe.jpg")
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    (folder / "loop").symlink_to(folder)
    (folder / "broken.jpg").symlink_to(tmp_path / "nothing.jpg")
    files = find_images(["pipe.jpg", "linked/a.jpg", "broken.jpg", "../elsewhere/a.jpg"], folder)
    assert files.paths == [None, "linked/a.jpg", None, None]
    assert [item.reason for item in files.unreadable] == [
        "a file that cannot be read (not a regular file)",
        "a file that cannot be read (No such file or directory)",
    ]


def test_several_processes_find_the_same(tmp_path, capsys) -> None:
    names = [draw(tmp_path / f"{number}.png", number).name for number in range(40)]
    (tmp_path / "7.png").write_bytes(b"")
    assert find_images(names, tmp_path, num_workers=2) == find_images(names, tmp_path, num_workers=0)
    assert capsys.readouterr().out == ""
    find_images(names, tmp_path, progress=True)
    assert "reading images" in capsys.readouterr().out


def test_large_sets_are_decoded_in_several_processes(tmp_path, monkeypatch) -> None:
    started = []
    pool = image_files_module.ProcessPoolExecutor
    monkeypatch.setattr(
        image_files_module, "ProcessPoolExecutor", lambda number: started.append(number) or pool(1)
    )
    monkeypatch.setattr(image_files_module, "_FEW_IMAGES", 2)
    names = [draw(tmp_path / f"{number}.png", number).name for number in range(3)]
    find_images(names[:2], tmp_path)
    assert started == []
    assert find_images(names, tmp_path).paths == names
    assert started == [os.cpu_count()]


def test_rows_of_one_image_are_joined_and_contradictions_are_listed(tmp_path) -> None:
    draw(tmp_path / "a.jpg", 1)
    (tmp_path / "b.jpg").write_bytes((tmp_path / "a.jpg").read_bytes())
    draw(tmp_path / "c.jpg", 2)
    names = ["c.jpg", "a.jpg", "A", "b.jpg", "gone.jpg", "gone.jpg"]
    table = [[1, 1], [1, -1], [0, 0], [1, 1], [1, 0], [0, 0]]
    files = find_images(names, tmp_path)
    for default_label in (-1, 0):
        labels = label_store_from_array(table, names, ["cat", "dog"], default_label)
        joined, rows, contradictions = join_image_rows(labels, files)
        assert rows.tolist() == [0, 1, 3, 4, 5]
        dense = [joined.dense(row).tolist() for row in range(len(joined))]
        assert dense == [[1, 1], [-1, 0], [1, 1], [1, 0], [0, 0]]
        assert [(item.row, item.number, item.path, item.reason) for item in contradictions] == [
            (2, 4, "a.jpg", "cat is 0 here and 1 in row 3 of the same image")
        ]
        joined, rows, contradictions = join_image_rows(labels, files, by_content=True)
        assert [joined.image_name(row) for row in range(4)] == ["c.jpg", "a.jpg", "gone.jpg", "gone.jpg"]
        assert joined.dense(1).tolist() == [-1, -1]
        assert rows.tolist() == [0, 1, 4, 5]
        assert {item.reason for item in contradictions} == {
            "cat is 0 here and 1 in row 3 of the same image",
            "dog is 1 here and 0 in row 4 of the same image",
        }
    with pytest.raises(ValueError, match=r"must have the 6 rows of the images. Got 1 instead"):
        join_image_rows(label_store_from_array([[1]], ["a"], ["cat"]), files)


def test_problems_are_written_as_tables(tmp_path) -> None:
    folder = tmp_path / "photos"
    draw(folder / "a, b.jpg")
    draw(folder / "extra.jpg", 1)
    with open(os.fsencode(folder) + b"/not-utf8-\xe9.jpg", "wb") as file:
        file.write((folder / "extra.jpg").read_bytes())
    files = find_images(["a, b.jpg", "a, b.jpg", "gone\n.jpg"], folder)
    written = write_image_problems(files.problems, tmp_path / "problems")
    assert {kind: path.name for kind, path in written.items()} == {
        "missing": "missing.csv",
        "repeated": "repeated.csv",
        "unnamed": "unnamed.csv",
    }
    assert sorted(path.name for path in (tmp_path / "problems").iterdir()) == sorted(
        path.name for path in written.values()
    )
    tables = {
        kind: list(csv.reader(path.open(newline="", encoding="utf-8"))) for kind, path in written.items()
    }
    assert tables["repeated"] == [
        ["row", "name", "path", "reason"],
        ["3", "a, b.jpg", "a, b.jpg", "the same image as in row 2"],
    ]
    assert tables["missing"][1] == ["4", "gone\n.jpg", "", f"no file below {folder} has this name"]
    assert [row[2] for row in tables["unnamed"][1:]] == ["extra.jpg", "not-utf8-\\udce9.jpg"]


def test_wrong_arguments_raise(tmp_path) -> None:
    with pytest.raises(FileNotFoundError, match=r"must be an existing folder. Got '.*nowhere' instead"):
        find_images(["a"], tmp_path / "nowhere")
    with pytest.raises(ValueError, match="'num_workers' argument of find_images must be an integer"):
        find_images(["a"], tmp_path, num_workers=-1)
    with pytest.raises(ValueError, match=r"one number for each of the 1 names. Got 2 instead"):
        find_images(["a"], tmp_path, row_numbers=[1, 2])
