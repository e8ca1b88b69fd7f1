"""Tables of the results of an experiment: methods in rows, the settings of one data set in columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..comparison.results.method_differences import BETTER, WORSE
from ..comparison.results.table_formats import escape_markdown

NO_VALUE = "-"
_ARROWS = {BETTER: " ↑", WORSE: " ↓"}


def markdown_table(headings: Sequence[str], rows: Iterable[Sequence[str]], num_texts: int = 1) -> str:
    """Format a table as Markdown; columns of text are aligned at their left, all others at their right.

    Args:
        headings: Headings, whose characters are escaped.
        rows: Cells of each row, which are Markdown.
        num_texts: Number of the first columns, which are text.

    Returns:
        The table, with a line break at its end.

    Example:
        >>> print(markdown_table(["method", "mAP"], [["bce", "**1.0**"]]), end="")
        | method | mAP |
        | --- | ---: |
        | bce | **1.0** |
    """
    lines = [
        [escape_markdown(heading) for heading in headings],
        ["---"] * num_texts + ["---:"] * (len(headings) - num_texts),
        *rows,
    ]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def data_tables(content: Mapping[str, Any], data: str, metrics: Mapping[str, str]) -> dict[str, str]:
    """Return the tables of one data set: one per metric, with the settings in columns.

    A cell of a table has the mean and the standard deviation over the seeds in percent, and the 95 % interval
    of the difference from the yardstick. Bold is the group of the best of a column. With one setting, there
    is one table with the metrics in columns.

    Args:
        content: Content of a result file.
        data: Name of the data set.
        metrics: Heading of each metric, by its name; those without any value are left out.

    Returns:
        The tables by their titles.
    """
    cells = [cell for cell in content["cells"] if cell["data"] == data]
    found = {
        (cell["setting"], name): {entry["method"]: entry["metrics"].get(name) for entry in cell["methods"]}
        for cell in cells
        for name in metrics
    }
    defined = [
        name
        for name in metrics
        if any(
            entry is not None and entry["mean"] is not None
            for (_, metric), column in found.items()
            if metric == name
            for entry in column.values()
        )
    ]
    names = content["compared_methods"]
    if len(cells) == 1 and defined:
        setting = cells[0]["setting"]
        columns = {metrics[name]: found[setting, name] for name in defined}
        return {f"{data}, {setting}": _table(names, columns)}
    return {
        f"{data}, {metrics[name]}": _table(
            names, {cell["setting"]: found[cell["setting"], name] for cell in cells}
        )
        for name in defined
    }


def metric_cell(found: Mapping[str, Any] | None) -> str:
    """Return the text of a cell.

    Args:
        found: Entry of the metric in the file; None for a method without results.

    Example:
        >>> metric_cell(dict(mean=0.5, sd=0.01, difference=[0.02, 0.01, 0.03, 0.001, 0.002],
        ...                  verdict="better", best=True))
        '**50.0 ± 1.0** (+1.0 to +3.0) ↑'
    """
    if found is None or found["mean"] is None:
        return NO_VALUE
    text = f"{100 * found['mean']:.1f}" + ("" if found["sd"] is None else f" ± {100 * found['sd']:.1f}")
    text = f"**{text}**" if found.get("best") else text
    difference = found.get("difference")
    if difference is None:
        return text
    _, low, high, *_ = difference
    return f"{text} {interval(low, high)}{verdict_arrow(found['verdict'])}"


def verdict_arrow(verdict: str | None) -> str:
    """Return the mark of a difference from the yardstick: an arrow if it is distinguishable, else nothing.

    Args:
        verdict: The verdict; None without a test.

    Example:
        >>> verdict_arrow("better"), verdict_arrow("not distinguishable")
        (' ↑', '')
    """
    return _ARROWS.get(verdict or "", "")


def interval(low: float | None, high: float | None) -> str:
    """Return an interval of differences in percentage points.

    Args:
        low: Lower end, a fraction; None if it is not known.
        high: Upper end.

    Example:
        >>> interval(-0.01, 0.025)
        '(-1.0 to +2.5)'
    """
    return "" if low is None or high is None else f"({100 * low:+.1f} to {100 * high:+.1f})"


def _table(names: Sequence[str], columns: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the table of the methods that have an entry in any column."""
    rows = [
        [escape_markdown(name), *(metric_cell(column.get(name)) for column in columns.values())]
        for name in names
        if any(name in column for column in columns.values())
    ]
    return markdown_table(["method", *columns], rows)
