"""Cells of an experiment in its result file, from runs that are finished already."""

from __future__ import annotations

import json
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import ttest_rel
from sklearn.metrics import average_precision_score

from mmpretrain_imbalance.apis.comparison.compare_methods import Comparison
from mmpretrain_imbalance.apis.comparison.results.comparison_results import comparison_results
from mmpretrain_imbalance.apis.experiments import run_experiment as module
from mmpretrain_imbalance.apis.experiments.experiment_file import read_results
from mmpretrain_imbalance.apis.experiments.run_experiment import run_experiment
from mmpretrain_imbalance.metrics.known_predictions import KnownPredictions
from tests.apis.experiments.finished_experiment import (
    DATA,
    PROTOCOL,
    VALIDATION,
    drawn_experiment,
    write_finished_runs,
)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Run the experiment without trainings; return the content of its result file."""
    monkeypatch.setattr(Comparison, "train", lambda *_: {})
    monkeypatch.setattr(module, "comparison_results", partial(comparison_results, num_resamples=20))

    def run_drawn(work_dir: Path = tmp_path / "work", out: Path = tmp_path / "drawn.json", **arguments):
        experiment = drawn_experiment(**arguments.pop("experiment", {}))
        run_experiment(experiment, {DATA: PROTOCOL}, work_dir, out, progress=False, **arguments)
        return read_results(out)

    return run_drawn


def mean_ap(folder: Path) -> float:
    """Return the mean AP of the predictions in a folder, with scikit-learn."""
    known = KnownPredictions.load(folder / "predictions.npz")
    of_class = [known.classes == index for index in range(known.num_classes)]
    return np.mean([average_precision_score(known.labels[at], known.scores[at]) for at in of_class])


def test_the_cell_has_choices_by_validation_and_their_test(run, tmp_path: Path) -> None:
    write_finished_runs(tmp_path / "work", "rps_0.5")
    (cell,) = run(source={"version": "1", "commit": "abc"})["cells"]
    assert (cell["data"], cell["setting"], cell["commit"]) == (DATA, "rps_0.5", "abc")
    assert cell["known_fraction"] == pytest.approx(1262 / 1600, rel=1e-4)
    folder = tmp_path / "work" / "trials_1" / DATA / "rps_0.5" / "runs" / DATA / "rps_0.5"
    values = {
        method: [mean_ap(folder / method / f"seed_{seed}_trial_0") for seed in range(3)]
        for method in VALIDATION
    }
    for method in cell["methods"]:
        assert method["validation"] == list(VALIDATION[method["method"]])
        assert method["trials"] == [{"values": {}, "validation": VALIDATION[method["method"]][0]}]
        assert method["metrics"]["mAP"]["values"] == pytest.approx(values[method["method"]], rel=1e-4)
        assert "top1" not in method["metrics"]  # it is not defined for several labels
        assert set(method["metrics"]["CF1"]) == {"mean", "sd", "values"}  # no table has its differences
    # refit_a is better on the test set, but validation prefers refit_b; of the others it prefers bce.
    recipe = cell["recipe"]
    assert (recipe["recipe"], recipe["single"]) == ("refit_b", "bce")
    found = recipe["metrics"]["mAP"]
    expected = ttest_rel(values["refit_b"], values["bce"])
    interval = expected.confidence_interval(0.95)
    assert found["difference"]["mean"] == pytest.approx(
        np.mean(values["refit_b"]) - np.mean(values["bce"]), 1e-3
    )
    assert found["difference"]["seeds"] == pytest.approx(
        {"low": interval.low, "high": interval.high, "p": expected.pvalue}, rel=1e-3
    )
    assert found["difference"]["low"] <= found["difference"]["seeds"]["low"]
    assert found["difference"]["p"] >= found["difference"]["seeds"]["p"]
    best = max(("bce", "weak"), key=lambda name: np.mean(values[name]))
    assert found["best_single"] == best
    assert found["upper_bound"]["mean"] == pytest.approx(
        np.mean(values["refit_b"]) - np.mean(values[best]), 1e-3
    )


def test_a_method_without_a_validation_score_is_not_picked(run, tmp_path: Path) -> None:
    write_finished_runs(tmp_path / "work", "rps_0.5", {**VALIDATION, "refit_b": (0.9, None, 0.9)})
    (cell,) = run()["cells"]
    assert cell["recipe"]["recipe"] == "refit_a"


def test_cells_are_added_in_the_order_of_the_experiment_and_never_lost(run, tmp_path: Path) -> None:
    write_finished_runs(tmp_path / "one", "rps_0.5")
    write_finished_runs(tmp_path / "two", "as_annotated")
    out = tmp_path / "results" / "drawn.json"
    run(tmp_path / "one", out, settings=["rps:0.5"], source={"commit": "first"})
    content = run(tmp_path / "two", out, settings=["as_annotated"], source={"commit": "second"})
    assert [cell["setting"] for cell in content["cells"]] == ["as_annotated", "rps_0.5"]
    before = out.read_bytes()
    run(tmp_path / "two", out, source={"commit": "third"})  # the same numbers keep their commit
    assert out.read_bytes() == before
    shutil.rmtree(
        tmp_path / "two" / "trials_1" / DATA / "as_annotated" / "runs" / DATA / "as_annotated" / "weak"
    )
    added = []
    run(tmp_path / "two", out, on_cell=lambda results, is_added: added.append(is_added))
    assert (added, out.read_bytes()) == ([False], before)


def test_a_cell_gets_further_methods(run, tmp_path: Path) -> None:
    write_finished_runs(tmp_path / "work", "rps_0.5")
    (cell,) = run(methods=["bce", "weak"])["cells"]
    assert [method["method"] for method in cell["methods"]] == ["bce", "weak"]
    assert "recipe" not in cell
    (cell,) = run()["cells"]
    assert [method["method"] for method in cell["methods"]] == list(VALIDATION)


def test_the_file_is_the_same_after_every_call_and_short(run, tmp_path: Path) -> None:
    write_finished_runs(tmp_path / "work", "rps_0.5")
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    content = run(out=first)
    run(out=second)
    assert first.read_bytes() == second.read_bytes()
    assert json.loads(first.read_text()) == content
    assert list(content)[-1] == "cells"  # a reader sees the budget first
    assert len(first.read_bytes()) < 4 * 3100  # per method and cell
    assert str(tmp_path) not in first.read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            dict(settings=["rps:0.9"]),
            r"'settings' .* of the experiment, as_annotated, rps:0.5. Got 'rps:0.9'",
        ),
        (dict(methods=["bce", "csl"]), "'methods' .* Got 'csl' instead"),
        (dict(methods=["weak"]), "must contain the yardstick 'bce'. Got weak instead"),
        (
            dict(experiment=dict(yardstick="weak")),
            "the same 'yardstick'. Got .* with 'bce' instead of 'weak'",
        ),
    ],
)
def test_what_does_not_fit_is_an_error(run, tmp_path: Path, arguments: dict, message: str) -> None:
    write_finished_runs(tmp_path / "work", "rps_0.5")
    run()
    with pytest.raises(ValueError, match=message):
        run(**arguments)


def test_another_file_is_not_overwritten(run, tmp_path: Path) -> None:
    write_finished_runs(tmp_path / "work", "rps_0.5")
    (tmp_path / "drawn.json").write_text("{}")
    with pytest.raises(ValueError, match=r"drawn.json: expected the results that tools/run_experiment.py"):
        run()


def test_a_data_set_with_its_own_number_of_trials_has_the_runs_of_experiments_with_it(run, tmp_path) -> None:
    write_finished_runs(tmp_path / "work", "rps_0.5", {"bce": VALIDATION["bce"]})
    of_data = dict(num_trials=4, num_trials_of_data={DATA: 1})
    found = run(experiment=of_data)
    assert (found["num_trials"], found["num_trials_of_data"]) == (4, {DATA: 1})
    (cell,) = found["cells"]
    assert {method["method"]: method["num_trials"] for method in cell["methods"]} == {"bce": 1}
