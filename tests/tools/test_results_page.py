"""The page of results and its figures, on the command line, from a folder of result files."""

from __future__ import annotations

import json
from pathlib import Path

from PIL import Image

from tests.apis.experiments.result_files import cell, content, difference, method, metric, recipe
from tests.tools.run_tool import ROOT

TOOL = "results_page.py"
SHIPPED = sorted(path.stem for path in (ROOT / "configs" / "_base_" / "experiments").glob("*.py"))


def test_the_page_has_all_experiments_and_their_figures(run_in_process, tmp_path: Path) -> None:
    cells = [
        cell(
            f"rps_{hidden}",
            method("bce", mAP=metric(0.4)),
            known_fraction=1 - hidden,
            priors={"bce": [0.5]},
            recipe=recipe(difference(0.02, 0.001)),
        )
        for hidden in (0.5, 0.9)
    ]
    results, page = tmp_path / "results", tmp_path / "pages" / "results.md"
    results.mkdir()
    figures = ["curves", "prior", "recipe"]
    (results / "own.json").write_text(json.dumps(content(*cells, figures=figures)))
    run_in_process(TOOL, "--results", results, "--out", page, "--images", tmp_path / "pages" / "images")
    text = page.read_text()
    for name in SHIPPED:
        assert f"python tools/run_experiment.py {name}\n" in text
    assert text.count("**No cell is finished yet.**") == len(SHIPPED)
    for part in ("curves", "prior", "differences"):
        assert f"(images/results_own_{part}.png)" in text
        assert Image.open(page.parent / "images" / f"results_own_{part}.png").format == "PNG"


def test_the_page_of_this_project_is_that_of_its_result_files(run_in_process, tmp_path: Path) -> None:
    page = tmp_path / "results.md"
    run_in_process(TOOL, "--out", page, "--images", tmp_path / "images")
    assert page.read_text(encoding="utf-8") == (ROOT / "docs" / "results.md").read_text(encoding="utf-8")


def test_a_file_that_is_no_result_is_named(error_message, tmp_path: Path) -> None:
    (tmp_path / "own.json").write_text("[]")
    out = ("--results", tmp_path, "--out", tmp_path / "page.md", "--images", tmp_path)
    assert "own.json: expected the results that tools/run_experiment.py writes" in error_message(TOOL, *out)
    assert not (tmp_path / "page.md").exists()
