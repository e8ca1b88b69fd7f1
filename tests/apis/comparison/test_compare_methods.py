"""Arguments of a comparison, what a folder of one rejects, and the runs that it collects."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from mmengine.config import Config

from mmpretrain_imbalance.apis.comparison import compare_methods as module
from mmpretrain_imbalance.apis.comparison.compare_methods import Comparison, base_name
from mmpretrain_imbalance.apis.comparison.comparison_plan import Run, Task
from mmpretrain_imbalance.apis.comparison.results.compared_run import UnfinishedRun

PROTOCOL = Path(__file__).resolve().parents[3] / "configs" / "_base_" / "protocols" / "digits_all_known.py"


@pytest.fixture
def compare(tmp_path):
    def make(methods=("binary_cross_entropy",), base=PROTOCOL, **arguments):
        bases = [base] if isinstance(base, (str, Path)) else base
        return Comparison(bases, methods, tmp_path / "work", **arguments)

    return make


def own_method(folder: Path, text: str = "loss = dict(type='HillLoss')\n", name: str = "own.py") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    return folder / name


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(base=[]), "'base_configs' argument of compare_methods must not be empty"),
        (
            dict(base="missing.py"),
            "'base_configs' argument .* Got 'missing.py' instead, which does",
        ),
        (dict(base=[PROTOCOL, PROTOCOL]), "'base_configs' argument .* must have different names"),
        (dict(methods=[]), "'methods' argument of compare_methods must not be empty"),
        (dict(methods=["hill_loss", "hill_loss"]), r"different names. Got 2 with the names \['hill_loss'\]"),
        (dict(methods=["no_such_loss"]), "Got 'no_such_loss' instead.*The methods are"),
        (dict(settings=[]), "'settings' argument of compare_methods must not be empty"),
        (dict(settings=["rps:0.5", "rps:0.5"]), "'settings' argument .* must have different names"),
        (dict(settings=["rps:2"]), "probability"),
        (dict(num_seeds=0), "'num_seeds' argument of compare_methods"),
        (dict(num_trials=0), "'num_trials' argument of compare_methods"),
        (dict(search="bayes"), "'search' argument of compare_methods"),
        (dict(val_fraction=1.0), "'val_fraction' argument of compare_methods"),
        (dict(num_folds=1), "'num_folds' argument of compare_methods"),
        (dict(cfg_options={"train_cfg.by_epoch": False}), "expected training by epochs"),
    ],
)
def test_wrong_arguments_are_named_and_nothing_is_written(compare, tmp_path, arguments, message):
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        compare(**arguments)
    assert not (tmp_path / "work").exists()


def test_a_file_with_the_name_of_a_shipped_method_collides_with_it(compare, tmp_path):
    with pytest.raises(ValueError, match=r"different names. Got 2 with the names .*Rename a file"):
        compare(["hill_loss", own_method(tmp_path / "own", name="hill_loss.py")])


def test_names_are_names_of_folders(compare, tmp_path):
    with pytest.raises(ValueError, match=r"Got 'my method' instead. Rename the file"):
        compare([own_method(tmp_path / "own", name="my method.py")])


@pytest.mark.parametrize(
    ("requires", "message"),
    [
        ("class_priors='hill_loss'", "must have the argument 'class_prior' only. Got 'class_priors' instead"),
        ("class_prior='class_aware_selective_loss'", "a method that requires no other"),
        ("class_prior='no_such_method'", "Got 'no_such_method' instead"),
    ],
)
def test_what_a_method_may_require(compare, tmp_path, requires, message):
    text = f"loss = dict(type='ClassAwareSelectiveLoss', class_prior=None)\nrequires = dict({requires})\n"
    with pytest.raises(ValueError, match=message):
        compare([own_method(tmp_path / "own", text)])


def test_a_required_method_is_trained_and_not_compared(compare):
    comparison = compare(["class_aware_selective_loss"])
    assert comparison.methods == ["class_aware_selective_loss"]
    assert set(comparison.plan.methods) == {"class_aware_selective_loss", "binary_cross_entropy"}


def test_the_config_of_a_project_has_the_name_of_the_folder():
    assert base_name("somewhere/birds/config.py") == "birds"
    assert base_name("configs/_base_/protocols/digits_all_known.py") == "digits_all_known"


def test_a_folder_takes_more_methods_settings_and_seeds(compare):
    compare()
    comparison = compare(["hill_loss"], settings=["as_annotated", "rps:0.5"], num_seeds=5)
    assert Config.fromfile(comparison.base_file("digits_all_known")).model.head.num_classes == 10


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(num_trials=4), "has num_trials=1 instead of 4. Choose another folder"),
        (dict(search="grid"), "has search='random' instead of 'grid'"),
        (dict(val_fraction=0.3), "has val_fraction=0.2 instead of 0.3"),
        (dict(num_folds=5), "has num_folds=None instead of 5"),
        (dict(cfg_options={"train_cfg.max_epochs": 1}), "has another base config 'digits_all_known'"),
    ],
)
def test_another_comparison_in_the_same_folder_is_rejected(compare, tmp_path, arguments, message):
    compare()
    before = {path: path.read_bytes() for path in (tmp_path / "work").rglob("*") if path.is_file()}
    with pytest.raises(ValueError, match=message):
        compare(**arguments)
    assert before == {path: path.read_bytes() for path in (tmp_path / "work").rglob("*") if path.is_file()}


def test_unfinished_runs_have_their_reason(compare):
    comparison = compare(["binary_cross_entropy", "class_aware_selective_loss"], num_seeds=2)
    task = Task("digits_all_known", "as_annotated", "binary_cross_entropy")
    folder = comparison.plan.run_folder(Run(task, 1, 0))
    folder.mkdir(parents=True)
    (folder / "failure.txt").write_text("ValueError: NaN")
    found, missing = comparison.compared_runs()
    assert found == []
    assert missing == [
        UnfinishedRun(*task, 0, "not finished"),
        UnfinishedRun(*task, 1, "ValueError: NaN"),
        UnfinishedRun(*task._replace(method="class_aware_selective_loss"), 0, "not finished"),
        UnfinishedRun(*task._replace(method="class_aware_selective_loss"), 1, "ValueError: NaN"),
    ]


def test_results_need_a_finished_run_and_a_yardstick_that_was_compared(compare):
    comparison = compare()
    with pytest.raises(
        ValueError,
        match=r"a finished run before .* Got none instead\. binary_cross_entropy, seed 0: not finished",
    ):
        comparison.write_results()
    with pytest.raises(ValueError, match="'yardstick' argument of compare_methods"):
        comparison.write_results("hill_loss")


def test_a_call_trains_its_shard_and_tries_failed_runs_again(compare, monkeypatch):
    comparison = compare(num_seeds=3)
    task = Task("digits_all_known", "as_annotated", "binary_cross_entropy")
    failures = [comparison.plan.run_folder(Run(task, seed, 0)) / "failure.txt" for seed in range(3)]
    for path in failures:
        path.parent.mkdir(parents=True)
        path.write_text("out of memory")
    calls = []
    monkeypatch.setattr(module, "run_jobs", lambda ready, *args, **kwargs: calls.append((ready(), args)))
    assert comparison.train(4, ["cuda:0"], (2, 3)) == {}
    ((jobs, arguments),) = calls
    assert [job.arguments[2] for job in jobs] == [1]
    assert arguments == (4, 21, ["cuda:0"])  # the parts and 20 epochs
    assert [path.exists() for path in failures] == [True, False, True]


def test_the_settings_of_the_folder_are_written(compare):
    comparison = compare(num_trials=3, num_folds=4)
    assert json.loads((comparison.work_dir / "comparison.json").read_text()) == {
        "search": "random",
        "val_fraction": 0.2,
        "num_folds": 4,
        "num_trials": 3,
    }
