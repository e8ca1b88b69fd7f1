"""Report files: a report replaces only an earlier report about the same data."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from mmpretrain_imbalance.visualization.report_file import write_report

PAGE = "<!DOCTYPE html>\n<html><body>one</body></html>\n"


def test_a_report_replaces_a_report_about_the_same_data(tmp_path: Path) -> None:
    path, subject = tmp_path / "deep" / "a.html", ["run --> a", "<é>"]
    write_report(path, PAGE, subject)
    write_report(path, PAGE.replace("one", "two"), subject)
    assert ElementTree.fromstring(path.read_text()).findtext("body") == "two"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("content", ["my notes", PAGE, ""])
def test_another_file_stays(tmp_path: Path, content: str) -> None:
    path = tmp_path / "a.html"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"which is a file that is not such a report\. Choose another name"):
        write_report(path, PAGE, ["a"])
    assert path.read_text() == content


def test_a_report_about_other_data_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    write_report(path, PAGE, ["a"])
    with pytest.raises(ValueError, match="which is a report about other data"):
        write_report(path, PAGE.replace("one", "two"), ["a", "b"])
    assert "one" in path.read_text()


def test_other_endings_and_folders_raise_an_error(tmp_path: Path) -> None:
    (tmp_path / "folder.html").mkdir()
    for name in ("train.csv", "folder.html"):
        with pytest.raises(ValueError, match=r"must be the path of an \.html file\. Got"):
            write_report(tmp_path / name, PAGE, ["a"])
