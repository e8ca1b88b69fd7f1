"""Tables of what differs between runs: facts about the trainings, and settings of the configs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from ...metrics.chosen_on import SAME_DATA
from ..page_parts import Cell, Column, PageTable
from .examples import listed
from .report_run import ReportRun
from .tables import run_columns

_MAX_SETTINGS = 80  # largest number of rows of the table of settings
_FACTS: dict[str, Callable[[ReportRun], str | None]] = {
    "last checkpoint": lambda run: run.facts.checkpoint,
    "trained until": lambda run: run.facts.epoch,
    "seed": lambda run: _text(run.facts.seed),
    "start of the training": lambda run: _text(run.facts.started),
    "training time": lambda run: _duration(run.facts.duration),
    "parameters": lambda run: None if run.facts.parameters is None else f"{run.facts.parameters:,}",
    "thresholds chosen on": lambda run: _chosen_on(run),
}


def fact_table(runs: Sequence[ReportRun]) -> PageTable:
    """Return a table with one row per fact that is recorded for at least one run.

    Args:
        runs: The runs.

    Returns:
        The table, without rows if no run has any of the facts.
    """
    rows = []
    for name, fact in _FACTS.items():
        texts = [fact(run) for run in runs]
        if any(text is not None for text in texts):
            rows.append([Cell(name), *(Cell("-" if text is None else text) for text in texts)])
    return PageTable([Column("fact"), *run_columns(runs)], rows, is_text=True)


def setting_table(runs: Sequence[ReportRun]) -> PageTable:
    """Return a table with one row per setting of the configs that differs between the runs.

    Args:
        runs: The runs. Those without a config in their work folder have no settings.

    Returns:
        The table, without rows if no setting differs.
    """
    compared = [run for run in runs if run.facts.settings]
    names = dict.fromkeys(name for run in compared for name in run.facts.settings)
    rows = []
    for name in names:
        texts = [run.facts.settings.get(name, "not set") if run in compared else "-" for run in runs]
        if len({text for run, text in zip(runs, texts) if run in compared}) > 1:
            rows.append([Cell(name), *(Cell(_shortened(text), title=text) for text in texts)])
    caption = ""
    if len(rows) > _MAX_SETTINGS:
        caption = f"The first {_MAX_SETTINGS} of {len(rows):,} settings that differ."
    return PageTable([Column("setting"), *run_columns(runs)], rows[:_MAX_SETTINGS], caption, is_text=True)


def threshold_notes(runs: Sequence[ReportRun]) -> list[str]:
    """Return sentences about the thresholds that were chosen on the data of the report, or on unknown data.

    Args:
        runs: The runs.

    Returns:
        The sentences.
    """
    chosen = [run for run in runs if run.thresholds is not None]
    own = listed([run.name for run in chosen if run.has_own_thresholds], 20)
    unknown = listed([run.name for run in chosen if run.chosen_on is None], 20)
    notes = []
    if own:
        notes.append(f"Thresholds of {own}: {SAME_DATA}")
    if unknown:
        notes.append(
            f"Thresholds of {unknown}: their file does not say on which data they were chosen. Choose them "
            "again with tools/tune_thresholds.py, which records the data."
        )
    return notes


def _chosen_on(run: ReportRun) -> str | None:
    """Return the data that chose the thresholds, such as 'MultiDigits, split val, 1,000 images'."""
    if run.chosen_on is None:
        return None if run.thresholds is None else "not recorded"
    if run.has_own_thresholds:
        return "the data of this report"
    found = run.chosen_on
    parts = [str(found["dataset"])] if "dataset" in found else []
    parts += [
        f"{name} {found[key]}" for key, name in (("ann_file", "file"), ("split", "split")) if key in found
    ]
    parts += [f"{found['num_images']:,} images"] if isinstance(found.get("num_images"), int) else []
    return ", ".join(parts)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _duration(duration: timedelta | None) -> str | None:
    if duration is None:
        return None
    minutes, seconds = divmod(int(duration.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {seconds:02} s"


def _shortened(text: str, length: int = 120) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
