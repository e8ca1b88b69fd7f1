from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mmpretrain_imbalance.apis.comparison.results import comparison_results as module
from mmpretrain_imbalance.apis.comparison.results.compared_run import UnfinishedRun
from mmpretrain_imbalance.apis.comparison.results.comparison_results import as_json, comparison_results
from mmpretrain_imbalance.apis.comparison.results.method_differences import method_difference
from mmpretrain_imbalance.apis.comparison.results.run_scores import score_run
from tests.apis.comparison.results.compared_runs import write_run

QUALITY = {"bce": 0.4, "plm": 1.2, "csl": 0.5}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list:
    folder = tmp_path_factory.mktemp("comparison")
    return [
        write_run(folder, method, quality, seed=seed, setting=setting)
        for setting in ("as_annotated", "rps")
        for method, quality in QUALITY.items()
        for seed in (0, 1, 2)
    ]


def compare(runs: list, **options):
    options = {"num_resamples": 50, "show_progress": False, **options}
    return comparison_results(runs, "bce", **options)


def test_folds_reach_every_difference_and_the_group_of_the_best(runs: list, monkeypatch) -> None:
    groups = []
    monkeypatch.setattr(module, "best_group", lambda *arguments: groups.append(arguments[3]) or {})
    of_seeds, of_folds = (
        {method["method"]: method["metrics"]["mAP"] for method in summary["settings"][0]["methods"]}
        for summary in (compare(runs[:9]).summary, compare(runs[:9], num_folds=3).summary)
    )
    for name in ("plm", "csl"):
        assert of_folds[name]["mean"] == of_seeds[name]["mean"]
        widths = [
            found[name]["difference"]["seeds"]["high"] - found[name]["difference"]["seeds"]["low"]
            for found in (of_folds, of_seeds)
        ]
        assert set(groups) == {None, 3}
        assert widths[0] / widths[1] == pytest.approx(((1 / 3 + 1 / 2) / (1 / 3)) ** 0.5)


def test_statistics_of_a_setting(runs: list) -> None:
    summary = compare(runs).summary
    assert [(setting["data"], setting["setting"]) for setting in summary["settings"]] == [
        ("digits", "as_annotated"),
        ("digits", "rps"),
    ]
    methods = {method["method"]: method for method in summary["settings"][0]["methods"]}
    scores = {
        method: {run.seed: score_run(run, num_resamples=50) for run in runs[:9] if run.method == method}
        for method in QUALITY
    }
    for method, by_seed in scores.items():
        values = [run.values["mAP"] for run in by_seed.values()]
        found = methods[method]["metrics"]["mAP"]
        assert found["values"] == pytest.approx(values)
        assert (found["mean"], found["sd"], found["n"]) == (
            pytest.approx(np.mean(values)),
            pytest.approx(np.std(values, ddof=1)),
            3,
        )
    assert methods["bce"]["metrics"]["mAP"]["difference"] is None
    difference = methods["plm"]["metrics"]["mAP"]["difference"]
    expected = method_difference(scores["plm"], scores["bce"], "mAP")
    assert {name: difference[name] for name in expected} == as_json(expected)
    assert difference["verdict"] == "better"
    assert methods["plm"]["metrics"]["mAP"]["in_best_group"] is True
    assert methods["bce"]["metrics"]["mAP"]["in_best_group"] is False
    assert methods["bce"]["metrics"]["AUROC"]["in_best_group"] is None


def test_ranks_over_the_settings(runs: list) -> None:
    summary = compare(runs).summary
    ranks = summary["ranks"]["mAP"]
    assert ranks["mean_ranks"] == {"plm": 1, "csl": 2, "bce": 3}
    assert ranks["blocks"] == [["digits", "as_annotated"], ["digits", "rps"]]
    assert compare(runs[:9]).summary["ranks"] == {}


def test_results_are_json_without_nan(runs: list) -> None:
    summary = compare(runs).summary
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary


def test_unfinished_runs_are_listed(runs: list) -> None:
    """A method without any result, a method without one seed, and a setting without any run."""
    unfinished = [
        UnfinishedRun("digits", "as_annotated", "hill", 0, "CUDA out of memory"),
        UnfinishedRun("digits", "as_annotated", "plm", 2, "not started"),
        UnfinishedRun("digits", "single", "bce", 0, "not started"),
    ]
    some = [run for run in runs[:9] if (run.method, run.seed) != ("plm", 2)]
    settings = compare(some, unfinished=unfinished).summary["settings"]
    assert settings[0]["unfinished"] == [
        {"method": "hill", "seed": 0, "reason": "CUDA out of memory"},
        {"method": "plm", "seed": 2, "reason": "not started"},
    ]
    plm = next(method for method in settings[0]["methods"] if method["method"] == "plm")
    assert (plm["seeds"], plm["metrics"]["mAP"]["difference"]["n"]) == ([0, 1], 2)
    assert (settings[1]["setting"], settings[1]["methods"]) == ("single", [])


def test_one_seed_is_compared_over_the_images(runs: list) -> None:
    one = [run for run in runs if run.seed == 0]
    methods = compare(one).summary["settings"][0]["methods"]
    found = methods[1]["metrics"]["mAP"]
    assert found["sd"] is None
    assert found["difference"]["p"] == found["difference"]["images"]["p"]


def test_without_resamples_nothing_is_told_apart(runs: list) -> None:
    found = compare(runs[:9], num_resamples=0).summary["settings"][0]["methods"][1]["metrics"]["mAP"]
    assert (found["difference"]["verdict"], found["in_best_group"]) == (None, None)
    assert found["difference"]["seeds"]["p"] < 0.05


def test_other_test_images_of_each_seed_are_possible(tmp_path: Path) -> None:
    runs = [
        write_run(tmp_path, method, quality, seed=seed, test_seed=seed)
        for method, quality in (("bce", 0.4), ("plm", 1.2))
        for seed in (0, 1)
    ]
    assert compare(runs).summary["settings"][0]["methods"][1]["metrics"]["mAP"]["difference"]["n"] == 2


def test_other_test_images_of_the_same_seed_raise(tmp_path: Path) -> None:
    runs = [write_run(tmp_path, "bce", 1), write_run(tmp_path, "plm", 1, test_seed=1)]
    with pytest.raises(ValueError, match="same test images and labels"):
        compare(runs)


def test_wrong_runs_raise(runs: list) -> None:
    with pytest.raises(ValueError, match="Got two runs of digits, as_annotated, bce, seed 0 instead"):
        compare([runs[0], replace(runs[0], trial=1)])
    with pytest.raises(
        ValueError, match="'yardstick' argument of comparison_results must be one of the comp"
    ):
        comparison_results(runs, "hill")
    with pytest.raises(ValueError, match="'num_resamples' argument of comparison_results must be an integer"):
        compare(runs, num_resamples=-1)
