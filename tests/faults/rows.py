"""Laws that do not hold, and rows of the tables of a fault campaign."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

#: Called with a line of text while a campaign runs.
Report = Callable[[str], object]


class BrokenLawError(Exception):
    """A law that does not hold."""


@dataclass
class Row:
    """Outcome of one scenario.

    Attributes:
        scenario: Name of the scenario.
        tried: Number of cases, such as kills or damaged files.
        failed: Number of cases after which the law did not hold.
        law: What must hold after each case.
        failures: One command for each failed case, which repeats exactly this case, with the reason.
    """

    scenario: str
    tried: int
    failed: int
    law: str
    failures: list[str] = field(default_factory=list)


def table(unit: str, rows: Sequence[Row]) -> str:
    """Build a Markdown table.

    Args:
        unit: What is counted, such as ``'kills'`` or ``'files'``.
        rows: The rows.

    Returns:
        The lines of the table, each with a line break.
    """
    lines = [f"| scenario | {unit} | passed | failed | what must hold |", "|---|---|---|---|---|"]
    lines += [
        f"| {row.scenario} | {row.tried:,} | {row.tried - row.failed:,} | {row.failed:,} | {row.law} |"
        for row in rows
    ]
    return "".join(line + "\n" for line in lines)
