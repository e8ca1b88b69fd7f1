"""Tables with the data sets of all experiments side by side, one table per kind of labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

from ..comparison.results.table_formats import escape_markdown
from .metric_tables import NO_VALUE, markdown_table, verdict_arrow

#: Title of each kind of labels, by the name of its setting, or by the start of the names of its settings.
_KINDS = {
    "as_annotated": "Labels as annotated",
    "rps_0.5": "Half of the labels known, at random",
    "rps_0.9": "A tenth of the labels known, at random",
    "fpc_": "A fixed number of labels per class",
    "single_positive": "One positive of each image known, nothing else",
}


class _Found(NamedTuple):
    """A method in a cell: its difference from the yardstick and the verdict, or its value if it is that."""

    num_seeds: int
    text: str


def side_by_side_tables(contents: Sequence[Mapping[str, Any]], metric: str) -> dict[str, str]:
    """Compare the methods over the data sets of all experiments.

    A row is a method in at least two columns, and a column is a data set with at least two methods. A cell of
    a table is the difference from the yardstick in percentage points, with the mark of a difference that is
    distinguishable; the first row has the values of the yardstick. Experiments with different yardsticks have
    different tables. Of several experiments with the same cell, the one with the most seeds counts, for each
    method.

    Args:
        contents: Contents of the result files.
        metric: Name of the metric.

    Returns:
        The tables by their titles; none for a kind of labels without such columns.
    """
    tables = {}
    yardsticks = list(dict.fromkeys(content["yardstick"] for content in contents))
    for start, yardstick in product(_KINDS, yardsticks):
        columns = _columns(contents, metric, start, yardstick)
        rows = list(dict.fromkeys(method for column in columns.values() for method in column))
        shared = [name for name in rows if sum(name in column for column in columns.values()) > 1]
        columns = {name: column for name, column in columns.items() if len({*shared} & {*column}) > 1}
        if not columns:
            continue
        lines = [
            [
                escape_markdown(name),
                *(column[name].text if name in column else NO_VALUE for column in columns.values()),
            ]
            for name in shared
            if any(name in column for column in columns.values())
        ]
        title = f"{_KINDS[start]}, against {escape_markdown(yardstick)}"
        tables[title] = markdown_table(["method", *columns], lines)
    return tables


def _columns(
    contents: Sequence[Mapping[str, Any]], metric: str, start: str, yardstick: str
) -> dict[str, dict[str, _Found]]:
    """Return the methods of each data set with a setting of this kind, the yardstick first."""
    columns: dict[str, dict[str, _Found]] = {}
    for content in contents:
        if content["yardstick"] != yardstick:
            continue
        for cell in content["cells"]:
            number = cell["setting"].removeprefix(start)
            if not (cell["setting"].startswith(start) if start.endswith("_") else number == ""):
                continue
            column = columns.setdefault(cell["data"] + (f", {number}" if number else ""), {})
            found = {entry["method"]: entry for entry in cell["methods"]}
            if yardstick not in found:
                continue
            for name in (yardstick, *found):
                value = _Found(
                    len(found[name]["seeds"]), difference_cell(found[name], found[yardstick], metric)
                )
                if value.text != NO_VALUE and (
                    name not in column or value.num_seeds > column[name].num_seeds
                ):
                    column[name] = value
    return columns


def difference_cell(entry: Mapping[str, Any], yardstick: Mapping[str, Any], metric: str) -> str:
    """Return the text of a method: its difference from the yardstick, or the value of the yardstick itself.

    Args:
        entry: Entry of the method in a cell of a result file.
        yardstick: Entry of the yardstick.
        metric: Name of the metric.

    Returns:
        Percentage points with the mark of a difference that is distinguishable, or the percentage of the
        yardstick; ``'-'`` without a value.
    """
    own, other = entry["metrics"].get(metric), yardstick["metrics"].get(metric)
    if own is None or other is None:
        return NO_VALUE
    if entry is yardstick:
        return f"{100 * own['mean']:.1f}"
    return f"{100 * (own['mean'] - other['mean']):+.1f}{verdict_arrow(own.get('verdict'))}"
