"""Trials: the default first, no combination twice, the same trials in every call."""

import itertools

import pytest

from mmpretrain_imbalance.apis.comparison.trials import suggest_values, trial_values

SPACE = {"loss.gamma": [1, 2, 4], "learning_rate": [1.0, 0.3, 3.0]}
DEFAULTS = {"loss.gamma": 2, "learning_rate": 1.0}


@pytest.mark.parametrize("search", ["random", "grid"])
def test_all_combinations_are_tried_once(search):
    trials = trial_values(SPACE, DEFAULTS, 100, search, "name")
    assert trials[0] == {}
    combinations = {tuple({**DEFAULTS, **trial}.items()) for trial in trials}
    assert combinations == {tuple(zip(SPACE, values)) for values in itertools.product(*SPACE.values())}
    assert len(trials) == 9


@pytest.mark.parametrize("search", ["random", "grid"])
def test_fewer_trials_are_the_first_ones_of_more(search):
    trials = trial_values(SPACE, DEFAULTS, 6, search, "name")
    assert trial_values(SPACE, DEFAULTS, 4, search, "name") == trials[:4]


def test_a_method_without_a_space_has_one_trial():
    assert trial_values({}, {}, 5, "random", "name") == [{}]


def test_random_trials_depend_on_the_name():
    assert trial_values(SPACE, DEFAULTS, 9, "random", "a") != trial_values(SPACE, DEFAULTS, 9, "random", "b")


def test_the_estimator_continues_as_without_an_interruption():
    """The score favors gamma=4. The suggestions are the same if the search starts again from its results."""
    finished, again = [], []
    for _ in range(7):
        values = suggest_values(SPACE, DEFAULTS, finished, "name")
        finished.append((values, float({**DEFAULTS, **values}["loss.gamma"])))
    for _ in range(7):
        again.append((suggest_values(SPACE, DEFAULTS, finished[: len(again)], "name"), 0.0))
    assert [values for values, _ in again] == [values for values, _ in finished]
    assert finished[0] == ({}, 2.0)
    assert max(score for _, score in finished) == 4
