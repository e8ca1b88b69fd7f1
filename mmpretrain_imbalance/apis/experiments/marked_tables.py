"""Tables of results at marked places of other pages."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..comparison.results.compared_metrics import compared_metric
from ..comparison.results.table_formats import escape_markdown
from .metric_tables import NO_VALUE, markdown_table
from .side_by_side import difference_cell

_MARK = re.compile(
    r"(?P<start><!-- table: (?P<words>[^\n>]+) -->\n).*?(?P<end><!-- end of table -->)", re.DOTALL
)


def fill_marked_tables(text: str, contents: Sequence[Mapping[str, Any]]) -> str:
    """Write the tables at the marked places of a page.

    A place is between ``<!-- table: EXPERIMENT DATA METRIC METHOD ... -->`` and ``<!-- end of table -->``.
    Its table has the methods in rows and the settings of the data set in columns, with the cells of
    :func:`difference_cell`.

    Args:
        text: Text of the page.
        contents: Contents of the result files.

    Returns:
        The page with the tables.

    Raises:
        ValueError: If a mark names no experiment, no data set or no metric with results.
    """
    experiments = {content["experiment"]: content for content in contents}
    return _MARK.sub(lambda found: found["start"] + _table(found["words"], experiments) + found["end"], text)


def _table(words: str, experiments: Mapping[str, Mapping[str, Any]]) -> str:
    name, data, metric, *methods = words.split()
    cells = [cell for cell in experiments.get(name, {}).get("cells", ()) if cell["data"] == data]
    if not cells:
        raise ValueError(
            f"<!-- table: {words} -->: expected an experiment and a data set with results, found no results "
            f"of {name} on {data}."
        )
    compared_metric(metric, "fill_marked_tables")
    yardstick = experiments[name]["yardstick"]
    rows = []
    for method in methods:
        row = [escape_markdown(method)]
        for cell in cells:
            found = {entry["method"]: entry for entry in cell["methods"]}
            row.append(
                difference_cell(found[method], found[yardstick], metric) if method in found else NO_VALUE
            )
        rows.append(row)
    return markdown_table(["method", *(cell["setting"] for cell in cells)], rows)
