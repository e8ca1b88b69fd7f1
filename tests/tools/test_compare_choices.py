"""Regret of choices, as a table of the command line."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from mmpretrain_imbalance.functional import label_figures
from tests.apis.comparison.results.summaries import summary, three_methods

TOOL = "analysis_tools/compare_choices.py"


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    """Return the folders of a cross-validation and of a comparison on the test set."""
    found = {
        "folds": [three_methods("half", 0.5, 0.6, 0.7), three_methods("full", 0.5, 0.7, 0.6)],
        "test": [three_methods("half", 0.50, 0.58, 0.55), three_methods("full", 0.52, 0.56, 0.5)],
    }
    for name, settings in found.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "results.json").write_text(json.dumps(summary(*settings)))
    return [tmp_path / name for name in found]


def rows(printed: str) -> dict[str, list[str]]:
    """Return the cells of each row by the setting, and those of the mean."""
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in printed.splitlines()]
    return {line[1] or line[0]: line for line in cells if line}


def test_regrets_are_printed_and_written(run_in_process, folders, tmp_path, capsys) -> None:
    # Half: csl is chosen, plm is the best: 0.58 - 0.55. Full: plm is chosen and the best. No method is
    # distinguishable from bce, the yardstick: 0.58 - 0.50, 0.56 - 0.52. csl always: 0.03, 0.06.
    out = tmp_path / "choices.md"
    run_in_process(TOOL, *folders, "--metrics", "mAP", "--always", "csl", "--out", out)
    printed = capsys.readouterr().out
    found = rows(printed)
    assert found["half"][2:] == ["plm", "3.0 (csl)", "8.0 (bce)", "-", "8.0", "3.0", "3.7", "0.50"]
    assert found["full"][2:] == ["plm", "0.0 (plm)", "4.0 (bce)", "-", "4.0", "6.0", "3.3", "0.50"]
    assert found["mean"][3:9] == ["1.5", "6.0", "-", "6.0", "4.5", "3.5"]
    assert out.read_text() == printed[:-1]


def test_the_advice_of_the_label_counts_has_a_column(run_in_process, folders, capsys) -> None:
    for name in ("half", "full"):
        parts = folders[0] / "parts" / "digits" / name / "seed_0"
        parts.mkdir(parents=True)
        content = dict(num_samples=9, num_train=9, annotated_positives=[5, 4])
        figures = asdict(label_figures([5, 4], [4, 5], [0, 0]))  # all known, no imbalance: BCE
        (parts / "labels.json").write_text(json.dumps(dict(content, figures=figures)))
    for folder in folders:
        path = folder / "results.json"
        path.write_text(path.read_text().replace('"plm"', '"binary_cross_entropy"'))
    run_in_process(TOOL, *folders, "--metrics", "mAP")
    found = rows(capsys.readouterr().out)
    assert found["half"][5] == "0.0 (binary_cross_entropy)"
    assert found["mean"][5] == "0.0"
    assert found["mean"][7] == "-"  # no class weights


def test_wrong_input_is_explained(error_message, folders, tmp_path) -> None:
    assert "must have results.json" in error_message(TOOL, folders[0], tmp_path)
    assert "must be one of 'mAP'" in error_message(TOOL, *folders, "--metrics", "map")
    assert "Got no data and setting with AUROC" in error_message(TOOL, *folders, "--metrics", "AUROC")
    (tmp_path / "mine.md").write_text("mine")
    assert "exists already" in error_message(TOOL, *folders, "--out", tmp_path / "mine.md")
    assert (tmp_path / "mine.md").read_text() == "mine"
