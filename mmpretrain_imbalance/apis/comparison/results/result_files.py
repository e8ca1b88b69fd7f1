"""Files with the results of a comparison."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ....utils.files import atomic_write, csv_line
from ....utils.json_content import parse_json
from .compared_metrics import COMPARED_METRICS
from .comparison_results import ComparisonResults
from .result_tables import result_tables
from .table_formats import STANDALONE_DOCUMENT, latex_text, markdown_text

TIMES = ("seconds_per_iteration", "iterations", "seconds")
_INTERVALS = ("seeds", "images", "both")


def write_result_files(results: ComparisonResults, folder: str | os.PathLike[str]) -> None:
    """Write the results as JSON, CSV, Markdown and LaTeX; earlier files are replaced atomically.

    ``results.json`` and ``results.csv`` have the statistics, ``per_seed.csv`` and ``per_class.csv`` the
    values behind them, all as fractions; ``results.md`` and ``results.tex`` are tables in percent, and
    ``results_standalone.tex`` is a document with ``results.tex``. The bytes of all of these depend on the
    results only. Only ``timing.csv`` has times.

    Args:
        results: The results.
        folder: The folder of the files.

    Raises:
        OSError: If a file cannot be written; an existing file is then unchanged.
        ValueError: If a ``timing.json`` is malformed.
    """
    folder = Path(folder)
    tables = result_tables(results.summary)
    texts = {
        "results.json": json.dumps(results.summary, indent=1, allow_nan=False) + "\n",
        "results.md": markdown_text(tables),
        "results.tex": latex_text(tables),
        "results_standalone.tex": STANDALONE_DOCUMENT,
    }
    for name, text in texts.items():
        with atomic_write(folder / name) as file:
            file.write(text)
    for name, rows in (
        ("results.csv", _result_rows(results.summary)),
        ("per_seed.csv", _seed_rows(results)),
        ("per_class.csv", _class_rows(results)),
        ("timing.csv", _timing_rows(results)),
    ):
        with atomic_write(folder / name) as file:
            file.writelines(csv_line(map(_cell, row)) for row in rows)


def _result_rows(summary: dict[str, Any]) -> Iterator[Iterable[Any]]:
    """Yield one row per data, setting, method and metric."""
    intervals = [f"{end}_{name}" for name in _INTERVALS for end in ("low", "high", "p")]
    yield (
        *("data", "setting", "method", "num_trials", "metric", "n", "mean", "sd", "difference"),
        *("low", "high", *intervals, "p", "p_holm", "verdict", "in_best_group"),
    )
    for setting in summary["settings"]:
        for method in setting["methods"]:
            for metric in COMPARED_METRICS:
                found = method["metrics"][metric.name]
                difference = found["difference"] or {}
                yield (
                    *(setting["data"], setting["setting"], method["method"], method["num_trials"]),
                    *(metric.name, found["n"], found["mean"], found["sd"], difference.get("mean")),
                    *(difference.get("low"), difference.get("high")),
                    *(
                        (difference.get(name) or {}).get(end)
                        for name in _INTERVALS
                        for end in ("low", "high", "p")
                    ),
                    *(difference.get(key) for key in ("p", "p_holm", "verdict")),
                    found["in_best_group"],
                )


def _seed_rows(results: ComparisonResults) -> Iterator[Iterable[Any]]:
    """Yield one row per run, also for those without results."""
    metrics = [metric.name for metric in COMPARED_METRICS]
    yield ("data", "setting", "method", "seed", "trial", "num_trials", "status", *metrics)
    for run, scores in results.runs:
        values = (scores.values[name] for name in metrics)
        yield (run.data, run.setting, run.method, run.seed, run.trial, run.num_trials, "finished", *values)
    for setting in results.summary["settings"]:
        for run in setting["unfinished"]:
            status = " ".join(run["reason"].split())
            names = (setting["data"], setting["setting"], run["method"], run["seed"])
            yield (*names, None, None, status, *[None] * len(metrics))


def _class_rows(results: ComparisonResults) -> Iterator[Iterable[Any]]:
    """Yield one row per run and class."""
    numbers = ("training_positives", "test_positives", "ap", "f1", "f1_chosen", "thresholds")
    yield (
        *("data", "setting", "method", "seed", "class", "training_positives", "test_positives"),
        *("AP", "f1", "f1_chosen", "threshold"),
    )
    for run, scores in results.runs:
        columns = [getattr(scores.classes, name).tolist() for name in numbers]
        for name, *values in zip(scores.classes.names, *columns):
            yield (run.data, run.setting, run.method, run.seed, name, *values)


def _timing_rows(results: ComparisonResults) -> Iterator[Iterable[Any]]:
    """Yield one row per run; its times are empty if the run has no ``timing.json``."""
    yield ("data", "setting", "method", "seed", *TIMES)
    for run, _ in results.runs:
        path = run.folder / "timing.json"
        values: list[Any] = [None] * len(TIMES)
        if path.is_file():
            try:
                times = parse_json(path.read_bytes(), f"The file {path}")
                values = [times[name] for name in TIMES]
            except (KeyError, TypeError, ValueError) as error:
                raise ValueError(
                    f"{path}: expected the numbers {', '.join(TIMES)}, found {error}."
                ) from error
        yield (run.data, run.setting, run.method, run.seed, *values)


def _cell(value: Any) -> str:
    """Format a value for CSV: six significant digits; empty for None and NaN."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
