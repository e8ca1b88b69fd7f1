"""Ranks of methods over several comparisons, on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from tests.apis.comparison.results.summaries import summary, three_methods

TOOL = "analysis_tools/rank_methods.py"


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    """Return the work folders of two comparisons with one setting each."""
    found = []
    for name, means in (("photos", (0.5, 0.6, 0.7)), ("digits", (0.5, 0.8, 0.9))):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "results.json").write_text(json.dumps(summary(three_methods(name, *means))))
        found.append(folder)
    return found


def test_ranks_are_printed_and_drawn(run_in_process, folders: list[Path], tmp_path: Path, capsys) -> None:
    run_in_process(TOOL, *folders, "--out", tmp_path / "ranks.png")
    printed = capsys.readouterr().out
    assert "Mean ranks over 2 pairs of data and setting; 1 is the best." in printed
    assert "csl    │ * 1.00" in printed
    assert "Critical difference: 2.34." in printed
    assert "Blocks: digits, photos; digits, digits." in printed
    assert Image.open(tmp_path / "ranks.png").format == "PNG"


def test_wrong_input_is_explained(error_message, folders: list[Path], tmp_path: Path) -> None:
    assert "must have at least 2 pairs of data and setting" in error_message(TOOL, folders[0])
    assert "Got the data 'digits' in the setting 'photos' in" in error_message(TOOL, folders[0], folders[0])
    assert "must have results.json, which tools/compare_methods.py writes" in error_message(TOOL, tmp_path)
    assert "must be one of 'mAP', 'mAP_head'" in error_message(TOOL, *folders, "--metric", "map")
    assert "must be the path of a new .png file" in error_message(TOOL, *folders, "--out", tmp_path / "a.pdf")
    (tmp_path / "ranks.png").write_bytes(b"mine")
    assert "ranks.png, which exists already," in error_message(TOOL, *folders, "-o", tmp_path / "ranks.png")
    assert (tmp_path / "ranks.png").read_bytes() == b"mine"
