"""Series of charts: one color, marker and dash pattern per method, group or class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_DASHES = ("none", "7 4", "2 3", "9 3 2 3")
# Outlines of markers, centered at (0, 0).
_SHAPES = (
    "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0Z",
    "M-3.6-3.6h7.2v7.2h-7.2Z",
    "M0-4.8L4.6 3.4H-4.6Z",
    "M0-5L4.2 0L0 5L-4.2 0Z",
    "M0 4.8L4.6-3.4H-4.6Z",
    "M-1.5-4.5h3v3h3v3h-3v3h-3v-3h-3v-3h3Z",
    "M-4.4-2.4L-2.4-4.4L0-2L2.4-4.4L4.4-2.4L2 0L4.4 2.4L2.4 4.4L0 2L-2.4 4.4L-4.4 2.4L-2 0Z",
    "M0-5.4L1.5-1.7L5.2-1.7L2.3 0.7L3.3 4.6L0 2.3L-3.3 4.6L-2.3 0.7L-5.2-1.7L-1.5-1.7Z",
)


@dataclass(frozen=True)
class Series:
    """Points, line or bars of one method, group or class, and their symbol in legends and tables.

    Attributes:
        name: Name in the legend.
        color: Meaning of the color, a key of the palette.
        index: Index that selects the shape of the points and the dash pattern of the line.
    """

    name: str
    color: str
    index: int = 0

    @property
    def shape(self) -> str:
        """Outline of a point as an SVG path."""
        return _SHAPES[self.index % len(_SHAPES)]

    @property
    def dash(self) -> str:
        """Dash pattern, which differs between neighboring series and between series of the same shape."""
        return _DASHES[(self.index + self.index // 8) % len(_DASHES)]


def method_series(names: Sequence[str]) -> list[Series]:
    """Return one series per method or run, with the same color and shape everywhere on a page.

    Args:
        names: Names of the methods or runs.

    Returns:
        The series.

    Example:
        >>> method_series(["bce", "plm"])[1]
        Series(name='plm', color='method-1', index=1)
    """
    return [Series(name, f"method-{index % 8}", index) for index, name in enumerate(names)]
