"""Order of the jobs of a comparison, for files that are written here instead of by trainings."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from mmpretrain_imbalance.apis.comparison.compared_method import ComparedMethod
from mmpretrain_imbalance.apis.comparison.compared_setting import ComparedSetting
from mmpretrain_imbalance.apis.comparison.comparison_plan import ComparisonPlan, Run, Task
from mmpretrain_imbalance.apis.comparison.comparison_schedule import (
    ComparisonSchedule,
    run_name,
    search_space,
)
from mmpretrain_imbalance.apis.comparison.run_job import prepare_parts, train_and_score
from mmpretrain_imbalance.functional.method_advice import LabelFigures

FIGURES = LabelFigures(80, 3, 0.9, 4.0, 1.0, False, False, 1.5, 0.1)
IGNORE = ComparedMethod("ignore", {"loss": dict(type="PartialAsymmetricLoss", gamma_neg=0)})
HILL = ComparedMethod("hill", {"loss": dict(type="HillLoss", gamma=2)}, search_space={"loss.gamma": [1, 2]})
CSL = ComparedMethod(
    "csl",
    {"loss": dict(type="ClassAwareSelectiveLoss", class_prior=None)},
    requires=dict(class_prior="ignore"),
)

HILL_REFIT = ComparedMethod(
    "hill_refit",
    {**HILL.parts, "hooks": [dict(type="RefitHeadHook")]},
    search_space=HILL.search_space,
)


class Files:
    """Schedules of one folder, and the files that jobs write to it."""

    def __init__(self, folder: Path, *methods: ComparedMethod, seeds: int = 1, trials: int = 1) -> None:
        self.plan = ComparisonPlan(
            folder,
            ["photos"],
            {"full": ComparedSetting("full")},
            {method.name: method for method in methods},
            seeds,
            trials,
        )

    def schedule(self, **arguments) -> ComparisonSchedule:
        return ComparisonSchedule(self.plan, {"photos": "base.py"}, {"photos": 10}, **arguments)

    def write_parts(self, figures: LabelFigures = FIGURES) -> None:
        for seed in range(self.plan.num_seeds):
            folder = self.plan.parts_folder("photos", "full", seed)
            folder.mkdir(parents=True)
            content = dict(num_samples=100, num_train=80, annotated_positives=[9, 6, 3])
            (folder / "labels.json").write_text(json.dumps({**content, "figures": asdict(figures)}))

    def folder(self, method: str, seed: int = 0, trial: int = 0) -> Path:
        return self.plan.run_folder(run(method, seed, trial))

    def finish(self, method: str, seed: int = 0, trial: int = 0, score: float | None = 0.5) -> None:
        folder = self.folder(method, seed, trial)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "validation.json").write_text(json.dumps({"weighted_mAP": score}))
        if method == "ignore":
            (folder / "class_prior.json").write_text("{}")


def task(method: str) -> Task:
    return Task("photos", "full", method)


def run(method: str, seed: int = 0, trial: int = 0) -> Run:
    return Run(task(method), seed, trial)


def name(method: str, seed: int = 0, trial: int = 0) -> str:
    return run_name(run(method, seed, trial))


def names(schedule: ComparisonSchedule) -> list[str]:
    return [job.name for job in schedule.ready()]


def test_the_parts_come_first_and_every_job_once(tmp_path):
    files = Files(tmp_path, IGNORE, HILL, seeds=2)
    schedule = files.schedule()
    jobs = schedule.ready()
    assert [(job.function, job.arguments[2]) for job in jobs] == [(prepare_parts, 0), (prepare_parts, 1)]
    assert schedule.ready() == []
    files.write_parts()
    jobs = schedule.ready()
    assert {job.function for job in jobs} == {train_and_score}
    # Without a choice of a trial, the seeds do not wait for each other.
    assert {job.name for job in jobs} == {name(m, s) for m in ("ignore", "hill") for s in (0, 1)}
    assert schedule.ready() == []


def test_a_method_waits_for_the_run_that_it_requires(tmp_path):
    files = Files(tmp_path, CSL, IGNORE, seeds=2)
    files.write_parts()
    schedule = files.schedule()
    assert names(schedule) == [name("ignore"), name("ignore", 1)]
    files.finish("ignore", 1)
    (job,) = schedule.ready()
    assert job.name == name("csl", 1)
    assert job.arguments[6] == files.folder("ignore", 1) / "class_prior.json"
    files.finish("ignore", 0)
    assert names(schedule) == [name("csl")]


def test_the_prior_is_that_of_the_chosen_trial(tmp_path):
    files = Files(tmp_path, CSL, IGNORE, trials=2)
    files.write_parts()
    schedule = files.schedule()
    names(schedule)
    files.finish("ignore", trial=0, score=0.4)
    assert names(schedule) == []
    files.finish("ignore", trial=1, score=0.6)
    jobs = schedule.ready()
    assert [job.name for job in jobs] == [name("csl", trial=0), name("csl", trial=1)]
    assert {job.arguments[6] for job in jobs} == {files.folder("ignore", trial=1) / "class_prior.json"}
    assert jobs[0].arguments[4] == {}


def test_a_refit_continues_the_run_with_the_same_training(tmp_path):
    files = Files(tmp_path, HILL_REFIT, HILL, seeds=2)
    files.write_parts()
    schedule = files.schedule()
    assert names(schedule) == [name("hill"), name("hill", 1)]
    files.finish("hill", 1)
    (job,) = schedule.ready()
    assert job.name == name("hill_refit", 1)
    assert job.arguments[9] == files.folder("hill", 1)


def test_a_refit_trains_if_nothing_else_has_the_same_training(tmp_path):
    files = Files(tmp_path, HILL, HILL_REFIT, trials=2)
    files.write_parts()
    trials = files.schedule().trials(task("hill_refit"))
    assert trials[1] not in files.schedule().trials(task("hill"))
    jobs = {job.name: job for job in files.schedule().ready()}
    assert jobs[name("hill_refit", 0, 1)].arguments[9] is None
    assert name("hill_refit", 0, 0) not in jobs
    # The other run has failed, or is not one of this call.
    failing = files.schedule()
    failing.ready()
    failing.fail(name("hill"), "the disk is full")
    assert name("hill_refit", 0, 0) in names(failing)
    failing.forget_failures()
    selected = {(task("hill_refit"), 0)}
    assert name("hill_refit", 0, 0) in names(files.schedule(selected=selected))


def test_a_run_without_a_prior_that_is_required_later_is_continued(tmp_path):
    files = Files(tmp_path, IGNORE)
    files.write_parts()
    files.finish("ignore")
    (files.folder("ignore") / "class_prior.json").unlink()
    assert names(files.schedule()) == []
    more = Files(tmp_path, IGNORE, CSL)
    (job,) = more.schedule().ready()
    assert job.name == name("ignore")
    assert job.arguments[7] is True  # estimates_prior


@pytest.mark.parametrize("change", [dict(negative_fraction=0.0), dict(fixed_number=True)])
def test_no_prior_where_none_can_be_estimated(tmp_path, change):
    files = Files(tmp_path, CSL, IGNORE)
    files.write_parts(replace(FIGURES, **change))
    jobs = {job.name: job for job in files.schedule().ready()}
    assert jobs[name("csl")].arguments[6] is None


@pytest.mark.parametrize(
    ("scores", "chosen"),
    [([0.4, 0.6, 0.5], 1), ([0.6, 0.6, 0.5], 0), ([None, 0.2, 0.2], 1), ([None, None, None], 0)],
)
def test_the_first_of_the_best_trials_is_trained_with_the_other_seeds(tmp_path, scores, chosen):
    files = Files(tmp_path, HILL, seeds=3, trials=3)
    files.write_parts()
    schedule = files.schedule()
    assert names(schedule) == [name("hill", 0, trial) for trial in range(3)]
    for trial, score in enumerate(scores):
        assert schedule.chosen_trial(task("hill")) is None
        files.finish("hill", trial=trial, score=score)
    assert schedule.chosen_trial(task("hill")) == chosen
    jobs = schedule.ready()
    assert [job.name for job in jobs] == [name("hill", seed, chosen) for seed in (1, 2)]
    assert {str(job.arguments[4]) for job in jobs} == {str(schedule.trials(task("hill"))[chosen])}


def test_a_failed_trial_is_not_chosen_also_by_the_call_that_collects(tmp_path):
    files = Files(tmp_path, HILL, seeds=2, trials=2)
    files.write_parts()
    schedule = files.schedule()
    schedule.ready()
    schedule.fail(name("hill"), f"ValueError: NaN in {files.folder('hill')}\nmore")
    files.finish("hill", trial=1, score=0.1)
    assert names(schedule) == [name("hill", 1, 1)]
    assert schedule.failures == {name("hill"): "ValueError: NaN in runs/photos/full/hill/seed_0_trial_0"}
    assert files.schedule().chosen_trial(task("hill")) == 1


def test_all_trials_failed(tmp_path):
    files = Files(tmp_path, HILL, seeds=2, trials=2)
    files.write_parts()
    schedule = files.schedule()
    schedule.ready()
    for trial in range(2):
        schedule.fail(name("hill", 0, trial), f"reason {trial}")
    assert names(schedule) == []
    collected = files.schedule()
    assert collected.chosen_trial(task("hill")) is None
    assert [collected.reason(task("hill"), seed) for seed in (0, 1)] == ["reason 0", "reason 0"]


def test_the_failure_of_the_required_run_is_the_reason(tmp_path):
    files = Files(tmp_path, CSL, IGNORE, HILL, seeds=2)
    files.write_parts()
    schedule = files.schedule()
    schedule.ready()
    schedule.fail(name("ignore", 1), "out of memory")
    files.finish("ignore", 0)
    assert names(schedule) == [name("csl", 0)]
    reasons = [files.schedule().reason(task(method), 1) for method in ("ignore", "csl", "hill")]
    assert reasons == ["out of memory", "out of memory", "not finished"]
    assert files.schedule().reason(task("csl"), 0) == "not finished"


def test_failed_parts_are_the_reason_of_all_methods(tmp_path):
    files = Files(tmp_path, IGNORE, HILL, seeds=2)
    schedule = files.schedule()
    jobs = schedule.ready()
    schedule.fail(jobs[1].name, "too few images")
    assert names(schedule) == []
    collected = files.schedule()
    assert [collected.reason(task("hill"), seed) for seed in (0, 1)] == ["not finished", "too few images"]


def test_the_next_call_tries_what_failed_again(tmp_path):
    files = Files(tmp_path, HILL, IGNORE, seeds=2)
    files.write_parts()
    first = files.schedule()
    first.ready()
    first.fail(name("hill", 1), "out of memory")
    files.finish("hill", 0)
    again = files.schedule(selected={(task("hill"), 1)})
    again.forget_failures()
    assert names(again) == [name("hill", 1)]
    assert files.schedule().reason(task("hill"), 1) == "not finished"


def test_a_later_call_trains_only_what_is_missing(tmp_path):
    files = Files(tmp_path, IGNORE)
    files.write_parts()
    files.finish("ignore")
    more = Files(tmp_path, IGNORE, HILL, seeds=2)
    schedule = more.schedule()
    first = names(schedule)
    assert first == ["photos full, seed 1: parts of the training set", name("hill")]
    assert schedule.total_steps() == 1 + 10 + 2 * 10


def test_the_steps_of_all_jobs_are_those_that_are_left(tmp_path):
    files = Files(tmp_path, HILL, seeds=3, trials=2)
    assert files.schedule().total_steps() == 3 + 4 * 10
    files.write_parts()
    files.finish("hill", trial=0, score=0.3)
    files.finish("hill", trial=1, score=0.2)
    files.finish("hill", seed=2)
    assert files.schedule().total_steps() == 10
    assert files.schedule(selected={(task("hill"), 2)}).total_steps() == 0


def test_tpe_asks_for_one_trial_at_a_time(tmp_path):
    pytest.importorskip("optuna")
    files = Files(tmp_path, HILL, trials=4)
    files.write_parts()
    schedule = files.schedule(search="tpe")
    asked = []
    for trial in range(4):
        (job,) = schedule.ready()
        assert job.name == name("hill", trial=trial)
        assert schedule.ready() == []
        asked.append(job.arguments[4])
        if trial == 1:
            schedule.fail(job.name, "diverged")
        else:
            files.finish("hill", trial=trial, score=0.1 * trial)
    assert asked[0] == {}
    assert schedule.chosen_trial(task("hill")) == 3
    again = files.schedule(search="tpe")
    again.forget_failures()  # the values of trials 2 and 3 depend on the failure of trial 1
    assert again.trials(task("hill")) == asked
    assert (again.ready(), again.total_steps()) == ([], 0)


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({"loss.delta": [1, 2]}, r"dotted keys of its parts, such as 'loss.gamma_neg'. Got 'loss.delta'"),
        ({"loss.gamma.x": [1]}, "Got 'loss.gamma.x' instead"),
        ({"loss.gamma": [1, 3]}, r"must contain its own value of 'loss.gamma', 2. Got \[1, 3\] instead"),
    ],
)
def test_a_search_space_belongs_to_its_method(space, message):
    with pytest.raises(ValueError, match=message):
        search_space(replace(HILL, search_space=space))
