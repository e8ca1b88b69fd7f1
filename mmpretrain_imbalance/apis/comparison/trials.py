"""Trials of a method: the values of its search space and of the learning rate that are tried."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

#: Name of the factor of the learning rate, which is tuned for every method.
LEARNING_RATE = "learning_rate"
#: Factors of the learning rate of the base config.
LEARNING_RATE_FACTORS = [1.0, 0.3, 3.0]
SEARCHES = ("random", "grid", "tpe")


def trial_values(
    space: Mapping[str, Sequence[Any]], defaults: Mapping[str, Any], num_trials: int, search: str, name: str
) -> list[dict[str, Any]]:
    """List the values of the trials of a method. The first trial has the default values.

    With ``'random'``, the other trials are drawn without replacement from all combinations; with ``'grid'``,
    they are the first combinations in the order of the space. Fewer trials of the same method are the first
    ones of more.

    Args:
        space: Values of each key.
        defaults: Default value of each key.
        num_trials: Number of trials, K.
        search: ``'random'`` or ``'grid'``.
        name: Name of the method, which the random choice depends on.

    Returns:
        The values that differ from the defaults, of each trial. A space with fewer than K combinations gives
        one trial for each combination.

    Example:
        >>> space = {"loss.max_weight": [10, 3], "learning_rate": [1.0, 3.0]}
        >>> trial_values(space, {"loss.max_weight": 10, "learning_rate": 1.0}, 3, "grid", "class weights")
        [{}, {'learning_rate': 3.0}, {'loss.max_weight': 3}]
    """
    keys = list(space)
    size = math.prod(len(space[key]) for key in keys)
    generator = np.random.default_rng(zlib.crc32(name.encode()))
    trials: list[dict[str, Any]] = [{}]
    numbers = iter(range(size)) if search == "grid" else iter(lambda: int(generator.integers(size)), None)
    while len(trials) < min(num_trials, size):
        values = _combination(space, next(numbers))
        changes = {key: value for key, value in values.items() if value != defaults[key]}
        if changes not in trials:
            trials.append(changes)
    return trials


def suggest_values(
    space: Mapping[str, Sequence[Any]],
    defaults: Mapping[str, Any],
    finished: Sequence[tuple[dict[str, Any], float]],
    name: str,
) -> dict[str, Any]:
    """Suggest the values of the next trial with Optuna's tree-structured Parzen estimator.

    The suggestion depends on the finished trials and on the name only, so that an interrupted search
    continues as it would have without the interruption.

    Args:
        space: Values of each key.
        defaults: Default value of each key, the values of the first trial.
        finished: Changed values and score of each finished trial, in their order.
        name: Name of the method, which the random choice depends on.

    Returns:
        The values that differ from the defaults.

    Raises:
        ModuleNotFoundError: If Optuna is not installed.
    """
    if not finished:
        return {}
    try:
        import optuna
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "The search 'tpe' requires the package optuna. Got an environment without it. Run "
            "pip install '.[tuning]' in the clone of mmpretrain_imbalance, or choose 'random'."
        ) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    # Optuna suggests indices, because the values of a space may be lists.
    distributions: dict[str, Any] = {
        key: optuna.distributions.CategoricalDistribution(range(len(values))) for key, values in space.items()
    }
    sampler = optuna.samplers.TPESampler(seed=zlib.crc32(name.encode()) + len(finished), n_startup_trials=3)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    for changes, score in finished:
        values = {**defaults, **changes}
        study.add_trial(
            optuna.trial.create_trial(
                params={key: list(space[key]).index(values[key]) for key in space},
                distributions=distributions,
                value=score,
            )
        )
    suggested = study.ask(distributions).params
    values = {key: space[key][suggested[key]] for key in space}
    return {key: value for key, value in values.items() if value != defaults[key]}


def _combination(space: Mapping[str, Sequence[Any]], number: int) -> dict[str, Any]:
    """Return a combination of values; the last key changes first."""
    values = {}
    for key in reversed(list(space)):
        number, position = divmod(number, len(space[key]))
        values[key] = space[key][position]
    return values
