from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from mmpretrain_imbalance.apis.comparison.results.compared_run import UnfinishedRun
from mmpretrain_imbalance.apis.comparison.results.comparison_results import comparison_results
from mmpretrain_imbalance.apis.comparison.results.result_files import write_result_files
from tests.apis.comparison.results.compared_runs import write_run


@pytest.fixture
def results(tmp_path: Path):
    runs = [
        write_run(tmp_path, method, quality, seed=seed, values={"loss.gamma": 2} if method == "plm" else {})
        for method, quality in (("bce", 0.5), ("plm", 1.0))
        for seed in (0, 1)
    ]
    unfinished = [UnfinishedRun("digits", "as_annotated", "hill", 0, "out of\nmemory, really")]
    return comparison_results(runs, "bce", unfinished=unfinished, num_resamples=20, show_progress=False)


def rows(path: Path) -> list[dict[str, str]]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def test_files_have_the_numbers_of_the_summary(results, tmp_path: Path) -> None:
    write_result_files(results, tmp_path)
    assert json.loads((tmp_path / "results.json").read_text()) == results.summary
    found = {(row["method"], row["metric"]): row for row in rows(tmp_path / "results.csv")}
    methods = {method["method"]: method for method in results.summary["settings"][0]["methods"]}
    mean_ap = methods["plm"]["metrics"]["mAP"]
    row = found["plm", "mAP"]
    assert float(row["mean"]) == pytest.approx(mean_ap["mean"], rel=1e-5)
    assert float(row["p_seeds"]) == pytest.approx(mean_ap["difference"]["seeds"]["p"], rel=1e-5)
    assert row["verdict"] == mean_ap["difference"]["verdict"]
    assert (found["bce", "mAP"]["difference"], found["bce", "AUROC"]["in_best_group"]) == ("", "")
    by_seed = rows(tmp_path / "per_seed.csv")
    assert [(row["method"], row["seed"], row["status"]) for row in by_seed] == [
        *(("bce", "0", "finished"), ("bce", "1", "finished")),
        *(("plm", "0", "finished"), ("plm", "1", "finished")),
        ("hill", "0", "out of memory, really"),
    ]
    assert float(by_seed[3]["mAP"]) == pytest.approx(mean_ap["values"][1], rel=1e-5)
    assert by_seed[4]["mAP"] == ""
    by_class = rows(tmp_path / "per_class.csv")
    assert len(by_class) == 4 * 4
    _, scores = results.runs[3]
    last = by_class[-1]
    assert (last["class"], last["training_positives"], last["threshold"]) == ("class 3", "3", "0.6")
    assert float(last["AP"]) == pytest.approx(scores.classes.ap[3], rel=1e-5)
    timing = rows(tmp_path / "timing.csv")
    assert (len(timing), timing[0]["seconds_per_iteration"], timing[0]["iterations"]) == (4, "0.25", "8")


def test_bytes_depend_on_the_results_only(results, tmp_path: Path) -> None:
    written = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        write_result_files(results, folder)
        written.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert written[0] == written[1]
    assert set(written[0]) == {
        *("results.json", "results.csv", "results.md", "results.tex", "results_standalone.tex"),
        *("per_seed.csv", "per_class.csv", "timing.csv"),
    }
    for name, content in written[0].items():
        assert b"nan" not in content.lower(), name
        assert str(tmp_path).encode() not in content, name


def test_missing_times_are_empty_and_damaged_times_raise(results, tmp_path: Path) -> None:
    path = results.runs[0][0].folder / "timing.json"
    path.unlink()
    write_result_files(results, tmp_path)
    assert rows(tmp_path / "timing.csv")[0]["seconds"] == ""
    path.write_text('{"seconds": 1}')
    with pytest.raises(ValueError, match="expected the numbers seconds_per_iteration, iterations, seconds"):
        write_result_files(results, tmp_path)


def test_a_comparison_without_any_finished_run_has_files(tmp_path: Path) -> None:
    unfinished = [UnfinishedRun("digits", "rps", "bce", 0, "not started")]
    write_result_files(comparison_results([], "bce", unfinished=unfinished, show_progress=False), tmp_path)
    assert "- No result: bce, seed 0 (not started)." in (tmp_path / "results.md").read_text()
    assert [row["status"] for row in rows(tmp_path / "per_seed.csv")] == ["not started"]
