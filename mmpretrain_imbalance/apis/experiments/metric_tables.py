"""Tables of the results of an experiment: methods in rows, the settings of one data set in columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..comparison.results.compared_metrics import ComparedMetric
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


def metric_table(content: Mapping[str, Any], data: str, metric: ComparedMetric) -> str | None:
    """Return the table of one metric and data set.

    A cell has the mean and the standard deviation over the seeds in percent, and the 95 % interval of the
    difference from the yardstick. Bold is the group of the best of a column.

    Args:
        content: Content of a result file.
        data: Name of the data set.
        metric: The metric.

    Returns:
        The table; None if no cell has a value.
    """
    cells = [cell for cell in content["cells"] if cell["data"] == data]
    columns = [
        {entry["method"]: entry["metrics"][metric.name] for entry in cell["methods"]} for cell in cells
    ]
    if not any(found["mean"] is not None for column in columns for found in column.values()):
        return None
    headings = ["method", *(cell["setting"] for cell in cells)]
    rows = [
        [escape_markdown(name), *(metric_cell(column.get(name)) for column in columns)]
        for name in content["compared_methods"]
        if any(name in column for column in columns)
    ]
    return markdown_table(headings, rows)


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
    return f"{text} {interval(low, high)}{_ARROWS.get(found['verdict'], '')}"


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
