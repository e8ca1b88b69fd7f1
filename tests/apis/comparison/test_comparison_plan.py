"""Order of the tasks, and the division into shards."""

from pathlib import Path

import pytest

from mmpretrain_imbalance.apis.comparison.compared_method import ComparedMethod
from mmpretrain_imbalance.apis.comparison.compared_setting import ComparedSetting
from mmpretrain_imbalance.apis.comparison.comparison_plan import ComparisonPlan, Task


def plan(num_trials: int = 1) -> ComparisonPlan:
    methods = [
        ComparedMethod("csl", {}, requires=dict(class_prior="ignore")),
        ComparedMethod("hill", {}),
        ComparedMethod("ignore", {}),
        ComparedMethod("plm", {}),
    ]
    return ComparisonPlan(
        work_dir=Path("work"),
        data=["digits", "photographs"],
        settings={name: ComparedSetting(name) for name in ("full", "half")},
        methods={method.name: method for method in methods},
        num_seeds=3,
        num_trials=num_trials,
    )


def test_a_method_comes_after_the_one_that_it_requires():
    names = [task.method for task in plan().tasks()][:4]
    assert names == ["hill", "ignore", "plm", "csl"]


@pytest.mark.parametrize("num_trials", [1, 3])
@pytest.mark.parametrize("count", [1, 2, 5, 7, 100])
def test_shards_have_everything_once(num_trials, count):
    shards = [plan(num_trials).shard(index, count) for index in range(1, count + 1)]
    everything = {(task, seed) for task in plan().tasks() for seed in range(3)}
    assert set().union(*shards) == everything
    assert sum(map(len, shards)) == len(everything)


def test_runs_that_need_each_other_are_in_one_shard():
    for index in range(1, 6):
        shard = plan().shard(index, 5)
        for task, seed in shard:
            if task.method == "csl":
                assert (task._replace(method="ignore"), seed) in shard
        tuned = plan(num_trials=2).shard(index, 5)
        assert all((task, other) in tuned for task, _ in tuned for other in range(3))


def test_a_plan_without_tuning_is_divided_by_seeds():
    (only,) = {len(plan().shard(index, 36)) for index in range(1, 13)} - {1}
    assert only == 2
    assert Task("digits", "full", "hill") in {task for task, _ in plan().shard(1, 36) | plan().shard(4, 36)}
