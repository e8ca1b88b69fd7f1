"""Result file of an experiment: its cells, which several calls and several machines add."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...utils.files import atomic_write
from ...utils.json_content import parse_json
from ..comparison.compared_setting import read_setting
from .experiment import Experiment
from .experiment_cell import finished_runs
from .short_lines import short_lines

FORMAT = 1
#: Numbers of a comparison that all cells of a file have in common.
_OF_THE_COMPARISON = ("confidence", "significance", "num_resamples", "num_rarest", "group_thresholds")
_OF_THE_CODE = ("version", "commit")


def read_results(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read the result file of an experiment.

    Args:
        path: The file.

    Returns:
        The content.

    Raises:
        ValueError: If it is no result file of an experiment.
    """
    try:
        content: dict[str, Any] = parse_json(Path(path).read_bytes(), f"The file {path}")
        _ = (content["experiment"], [(cell["data"], cell["setting"]) for cell in content["cells"]])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path}: expected the results that tools/run_experiment.py writes, found {error}."
        ) from error
    return content


def check_results(path: str | os.PathLike[str], experiment: Experiment) -> None:
    """Check, before any training, that cells of an experiment can be added to a result file.

    Args:
        path: The file, which may not exist yet.
        experiment: The experiment.

    Raises:
        ValueError: If it is no result file, or one with another budget or another yardstick.
    """
    _stored_cells(path, {"experiment": experiment.name, **_budget(experiment)})


def add_cell(
    path: str | os.PathLike[str],
    experiment: Experiment,
    summary: Mapping[str, Any],
    cell: dict[str, Any],
) -> bool:
    """Add a cell to the result file of an experiment, and keep all other cells.

    A cell is replaced only by one that has all of its finished runs. If it is the same except for the
    version of the code, the old one stays.

    Args:
        path: The file, which may not exist yet.
        experiment: The experiment.
        summary: Content of ``results.json`` of the comparison of this cell.
        cell: The entry of the cell.

    Returns:
        Whether the file has the new cell; not if the old one has runs that the new one lacks.

    Raises:
        ValueError: If the file has another budget, another yardstick, or other numbers of the statistics.
    """
    header = {**experiment_header(experiment), **{name: summary[name] for name in _OF_THE_COMPARISON}}
    cells = _stored_cells(path, header)
    key = (cell["data"], cell["setting"])
    old = cells.get(key)
    is_added = old is None or finished_runs(old) <= finished_runs(cell)
    if is_added and (old is None or _without_code(old) != _without_code(cell)):
        cells[key] = cell
    order = {planned: index for index, planned in enumerate(planned_cells(experiment.data))}
    ordered = sorted(cells, key=lambda key: (order.get(key, len(order)), key))
    content = {**header, "cells": [cells[key] for key in ordered]}
    with atomic_write(path) as file:
        file.write(short_lines(content) + "\n")
    return is_added


def experiment_header(experiment: Experiment) -> dict[str, Any]:
    """Return what a result file says about its experiment, before its cells.

    Args:
        experiment: The experiment.

    Returns:
        The first entries of the file.
    """
    return {
        "format": FORMAT,
        "experiment": experiment.name,
        "title": experiment.title,
        "description": experiment.description,
        "command": experiment.command,
        "metrics": list(experiment.metrics),
        "figures": list(experiment.figures),
        "data": dict(experiment.data),
        "compared_methods": list(experiment.methods),
        "num_seeds": experiment.num_seeds,
        **_budget(experiment),
    }


def planned_cells(data: Mapping[str, list[str]]) -> list[tuple[str, str]]:
    """List data and setting of each cell of an experiment.

    Args:
        data: Settings of each data set, as :func:`compare_methods` takes them.

    Returns:
        The cells, with the names of the settings in folders and tables.

    Example:
        >>> planned_cells({"corel5k": ["as_annotated", "rps:0.5"]})
        [('corel5k', 'as_annotated'), ('corel5k', 'rps_0.5')]
    """
    return [(name, read_setting(setting).name) for name, settings in data.items() for setting in settings]


def _budget(experiment: Experiment) -> dict[str, Any]:
    budget: dict[str, Any] = {"yardstick": experiment.yardstick, "num_trials": experiment.num_trials}
    if experiment.num_trials_of_data:
        budget["num_trials_of_data"] = dict(experiment.num_trials_of_data)
    return budget


def _stored_cells(
    path: str | os.PathLike[str], header: Mapping[str, Any]
) -> dict[tuple[str, str], dict[str, Any]]:
    if not Path(path).exists():
        return {}
    content = read_results(path)
    for name in ("experiment", "yardstick", "num_trials", *_OF_THE_COMPARISON):
        if name in header and content.get(name) != header[name]:
            raise ValueError(
                f"The result file of the experiment {header['experiment']!r} must have cells with the same "
                f"{name!r}. Got {str(path)!r} with {content.get(name)!r} instead of {header[name]!r}. Choose "
                "another --out, or remove the file."
            )
    return {(cell["data"], cell["setting"]): cell for cell in content["cells"]}


def _without_code(cell: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in cell.items() if name not in _OF_THE_CODE}
