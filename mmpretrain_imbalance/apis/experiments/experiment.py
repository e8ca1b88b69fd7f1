"""Experiments: comparisons of given methods on given data in given settings, as files of configs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ...utils.shipped_files import shipped_folder
from ..comparison.compared_method import ComparedMethod, method_variant, read_method
from ..comparison.results.compared_metrics import COMPARED_METRICS

#: Parts of the page of an experiment, beside the tables of its cells.
FIGURES = ("curves", "prior", "ranks", "recipe")
#: Metrics of the tables of an experiment that names no others.
TABLE_METRICS = ("mAP", "mAP_tail", "macro_f1", "macro_f1_chosen")


@dataclass(frozen=True)
class Experiment:
    """A comparison that anybody can repeat.

    Attributes:
        name: Name of its file.
        source: Name or path with which the command calls it.
        title: Title of its page.
        description: What it asks, in a few sentences.
        data: Settings of each data set, as :func:`compare_methods` takes them. The name of a data set is that
            of its base config.
        methods: Names of methods and variants.
        yardstick: Name of the method that the others are tested against.
        num_seeds: Number of seeds.
        num_trials: Number of trials per method, the budget for tuning.
        variants: By name, a dict with the ``method`` that is varied, and perhaps its ``values`` by dotted
            key, ``values_of_data``, further values by the name of the data set, and ``hooks``, which are
            added to those of the method.
        base_configs: By the name of a data set, a dict with the ``config``, the name of the shipped protocol
            that is its base config, and ``values``, which replace those of the protocol, by dotted key.
        num_trials_of_data: By the name of a data set, its number of trials instead of ``num_trials``.
        priors: Methods whose mean predictions over the training images are compared with the true class
            frequencies.
        metrics: Metrics of the tables of its page.
        figures: Parts of the page: ``'curves'`` over the fraction of known labels, ``'prior'`` with the
            quality of the class priors, ``'ranks'`` beside the published ones, and ``'recipe'``, which tests
            methods with a refit of the head against the others.
    """

    name: str
    source: str
    title: str
    description: str
    data: dict[str, list[str]]
    methods: list[str]
    yardstick: str
    num_seeds: int
    num_trials: int
    variants: dict[str, dict[str, Any]] = field(default_factory=dict)
    base_configs: dict[str, dict[str, Any]] = field(default_factory=dict)
    num_trials_of_data: dict[str, int] = field(default_factory=dict)
    priors: list[str] = field(default_factory=list)
    metrics: list[str] = field(default_factory=lambda: list(TABLE_METRICS))
    figures: list[str] = field(default_factory=list)

    @property
    def command(self) -> str:
        """Command that makes all results, with features in ``features/DATA``."""
        return f"python tools/run_experiment.py {self.source}"

    def trials_of(self, data: str) -> int:
        """Return the number of trials of each method on a data set.

        Args:
            data: Name of the data set.

        Returns:
            The number of trials.
        """
        return self.num_trials_of_data.get(data, self.num_trials)

    def compared_methods(self, data: str, names: Sequence[str] | None = None) -> list[ComparedMethod]:
        """Read the methods for a data set.

        Args:
            data: Name of the data set.
            names: Names of the methods, in any order; None for all.

        Returns:
            The methods, in the order of the experiment.
        """
        return [self._method(name, data) for name in self.methods if names is None or name in names]

    def _method(self, name: str, data: str) -> ComparedMethod:
        if name not in self.variants:
            return read_method(name)
        variant = self.variants[name]
        values = {**variant.get("values", {}), **variant.get("values_of_data", {}).get(data, {})}
        method = read_method(variant["method"])
        if "hooks" in variant:
            hooks = [*method.parts.get("hooks", ()), *variant["hooks"]]
            method = replace(method, parts={**method.parts, "hooks": hooks})
        return method_variant(name, method, values)


def read_experiment(source: str | os.PathLike[str]) -> Experiment:
    """Read an experiment.

    Args:
        source: Name of a file in ``configs/_base_/experiments``, or path of a config file of the same form.

    Returns:
        The experiment.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is not that of an experiment.

    Example:
        >>> experiment = read_experiment("single_positive_methods")
        >>> experiment.num_seeds, experiment.data["corel5k"]
        (5, ['single_positive'])
    """
    text = os.fspath(source)
    folder = shipped_folder("configs") / "_base_" / "experiments"
    path = Path(text) if text.endswith(".py") else folder / f"{text}.py"
    if not path.is_file():
        names = ", ".join(sorted(file.stem for file in folder.glob("*.py")))
        raise FileNotFoundError(
            f"The 'source' argument of read_experiment must be one of {names}, or the path of a config file "
            f"that ends in .py. Got {text!r} instead."
        )
    # A name that starts with '_' is a part of other values.
    content = {name: value for name, value in Config.fromfile(path).to_dict().items() if name[0] != "_"}
    _check_names(content, path)
    experiment = Experiment(name=path.stem, source=text, **content)
    _check_values(experiment, path)
    return experiment


def _check_names(content: Mapping[str, Any], path: Path) -> None:
    possible = {item.name: item for item in fields(Experiment) if item.name not in ("name", "source")}
    needed = list(possible)[: list(possible).index("num_trials") + 1]
    missing = [name for name in needed if name not in content]
    unknown = [name for name in content if name not in possible]
    if missing or unknown:
        found = f"no {missing[0]!r}" if missing else repr(unknown[0])
        raise ValueError(
            f"{path}: expected the names {', '.join(needed)} and perhaps "
            f"{', '.join(name for name in possible if name not in needed)}, found {found}."
        )


def _check_values(experiment: Experiment, path: Path) -> None:
    for name, made in experiment.base_configs.items():
        if not isinstance(made, Mapping) or set(made) != {"config", "values"}:
            raise ValueError(
                f"{path}: expected each of 'base_configs' to be a dict with 'config' and 'values', found "
                f"{made!r} for {name!r}."
            )
    of_data: dict[str, Mapping[str, Any]] = dict(
        base_configs=experiment.base_configs, num_trials_of_data=experiment.num_trials_of_data
    )
    for name, values in of_data.items():
        others = [data for data in values if data not in experiment.data]
        if others:
            raise ValueError(
                f"{path}: expected in {name!r} data sets of 'data', {', '.join(experiment.data)}, found "
                f"{others[0]!r}."
            )
    for name, names in {"yardstick": [experiment.yardstick], "priors": experiment.priors}.items():
        unknown = [method for method in names if method not in experiment.methods]
        if unknown:
            raise ValueError(
                f"{path}: expected in {name!r} one of the methods {', '.join(experiment.methods)}, found "
                f"{unknown[0]!r}."
            )
    metrics = [metric.name for metric in COMPARED_METRICS]
    for name, possible in {"figures": FIGURES, "metrics": metrics}.items():
        wrong = [value for value in getattr(experiment, name) if value not in possible]
        if wrong:
            raise ValueError(f"{path}: expected {name!r} of {', '.join(possible)}, found {wrong[0]!r}.")
