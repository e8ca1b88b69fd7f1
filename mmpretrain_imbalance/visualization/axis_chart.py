"""SVG chart with two axes; its colors are CSS variables of the page, for light and dark pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

import numpy as np

from .axis_scale import Scale, tick_label

WIDTH, HEIGHT = 440, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 18, 10, 44
_DASHES = ("", "7 4", "2 3", "9 3 2 3")
# One outline per series, centered at (0, 0): series differ in shape as well as in color.
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


class AxisChart:
    """Points, lines and bars between two axes.

    Each series is identified by an index, which selects its color (the CSS variables ``--c0`` to ``--c7`` of
    the page), the shape of its points and the dash pattern of its lines.

    Args:
        title: Description of the chart for screen readers.
        x: The horizontal axis.
        y: The vertical axis.
        x_label: Label of the horizontal axis.
        y_label: Label of the vertical axis.
        x_names: Names at 0, 1, 2, ... of the horizontal axis, which replace the numbers.
    """

    def __init__(
        self, title: str, x: Scale, y: Scale, x_label: str, y_label: str, x_names: Sequence[str] | None = None
    ) -> None:
        self.title, self.x, self.y = title, x, y
        self._parts: list[str] = []
        self._axes(x_label, y_label, x_names)

    def line(self, xs: Iterable[float], ys: Iterable[float], series: int, name: str = "") -> None:
        """Draw a line through points in the given order, with a gap at NaN.

        Args:
            xs: Horizontal coordinates.
            ys: Vertical coordinates.
            series: Index of the series.
            name: Tooltip of the line.
        """
        commands, pen, last = [], "M", ""
        for x, y in zip(xs, ys):
            if not (np.isfinite(x) and np.isfinite(y)):
                pen = "M"
                continue
            point = f"{self._x(x):.1f} {self._y(y):.1f}"
            if pen == "M" or point != last:  # skip the many points of a long curve that round to the last one
                commands.append(pen + point)
            pen, last = "L", point
        dash = _dash(series)
        self._parts.append(
            f'<path class="line" d="{"".join(commands)}" stroke="var(--c{series % 8})"'
            f"{f' stroke-dasharray={chr(34)}{dash}{chr(34)}' if dash else ''}>{_title(name)}</path>"
        )

    def points(
        self, xs: Iterable[float], ys: Iterable[float], series: int, names: Sequence[str] = ()
    ) -> None:
        """Draw the points of a series and skip those with NaN.

        Args:
            xs: Horizontal coordinates.
            ys: Vertical coordinates.
            series: Index of the series.
            names: Tooltips of the points. Without names, all points are drawn as plain dots in one SVG path,
                which takes about a tenth of the file size.
        """
        positions = [
            (self._x(x), self._y(y), index)
            for index, (x, y) in enumerate(zip(xs, ys))
            if np.isfinite(x) and np.isfinite(y)
        ]
        if not names:
            dots = "".join(f"M{x:.1f} {y:.1f}h0" for x, y, _ in positions)
            kind = "fine dots" if len(positions) > 2000 else "dots"
            self._parts.append(f'<path class="{kind}" d="{dots}" stroke="var(--c{series % 8})"/>')
            return
        for x, y, index in positions:
            self._parts.append(
                f'<path class="point" d="{_SHAPES[series % 8]}" transform="translate({x:.1f} {y:.1f})" '
                f'fill="var(--c{series % 8})">{_title(names[index])}</path>'
            )

    def bar(self, left: float, right: float, height: float, series: int, name: str = "") -> None:
        """Draw a bar upwards from the horizontal axis, with its height as a number above it.

        Args:
            left: Horizontal coordinate of the left side.
            right: Horizontal coordinate of the right side.
            height: Vertical coordinate of the top; nothing is drawn for NaN.
            series: Index of the series.
            name: Tooltip of the bar.
        """
        if not np.isfinite(height):
            return
        x0, x1, y = self._x(left), self._x(right), self._y(height)
        self._parts.append(
            f'<rect x="{x0:.1f}" y="{y:.1f}" width="{max(x1 - x0 - 1, 1):.1f}" '
            f'height="{max(self._y(self.y.low) - y, 0):.1f}" '
            f'fill="var(--c{series % 8})">{_title(name)}</rect>'
        )
        if x1 - x0 > 12:  # the shape of the series, as colors alone may look alike
            self._parts.append(
                f'<path class="mark" d="{_SHAPES[series % 8]}" '
                f'transform="translate({(x0 + x1 - 1) / 2:.1f} {self._y(self.y.low) - 9:.1f})"/>'
            )
        if x1 - x0 > 16:
            self._parts.append(
                f'<text class="small" x="{(x0 + x1) / 2:.1f}" y="{y - 3:.1f}" text-anchor="middle">'
                f"{height:.0f}</text>"
            )

    def reference(self, xs: Sequence[float], ys: Sequence[float]) -> None:
        """Draw a thin reference line, such as the diagonal."""
        path = "L".join(f"{self._x(x):.1f} {self._y(y):.1f}" for x, y in zip(xs, ys))
        self._parts.append(f'<path class="reference" d="M{path}"/>')

    def svg(self) -> str:
        """Return the chart as an ``svg`` element."""
        return (
            f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(self.title, quote=True)}">'
            f"{''.join(self._parts)}</svg>"
        )

    def _x(self, value: float) -> float:
        return _LEFT + (WIDTH - _LEFT - _RIGHT) * self.x.position(value)

    def _y(self, value: float) -> float:
        return HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * self.y.position(value)

    def _axes(self, x_label: str, y_label: str, x_names: Sequence[str] | None) -> None:
        floor, right = HEIGHT - _BOTTOM, WIDTH - _RIGHT
        for tick in self.y.ticks():
            y = self._y(tick)
            self._parts.append(
                f'<path class="grid" d="M{_LEFT} {y:.1f}H{right}"/>'
                f'<text x="{_LEFT - 5}" y="{y + 4:.1f}" text-anchor="end">{tick_label(tick)}</text>'
            )
        named = enumerate(x_names) if x_names is not None else ((t, tick_label(t)) for t in self.x.ticks())
        for tick, name in named:
            x = self._x(tick)
            if x_names is None:
                self._parts.append(f'<path class="grid" d="M{x:.1f} {_TOP}V{floor}"/>')
            self._parts.append(
                f'<text x="{x:.1f}" y="{floor + 16}" text-anchor="middle">{escape(name)}</text>'
            )
        middle = (floor + _TOP) / 2
        self._parts.append(
            f'<path class="axis" d="M{_LEFT} {_TOP}V{floor}H{right}"/>'
            f'<text x="{(_LEFT + right) / 2}" y="{HEIGHT - 8}" text-anchor="middle">{escape(x_label)}</text>'
            f'<text transform="translate(13 {middle}) rotate(-90)" text-anchor="middle">'
            f"{escape(y_label)}</text>"
        )


def legend(names: Sequence[str]) -> str:
    """Return a legend with the symbol and the name of each series, as HTML that wraps on narrow screens.

    Args:
        names: Name of each series, in the order of the series indices.

    Returns:
        A ``ul`` element.
    """
    items = "".join(f"<li>{symbol(series)}{escape(name)}</li>" for series, name in enumerate(names))
    return f'<ul class="legend">{items}</ul>'


def symbol(series: int, name: str = "") -> str:
    """Return a small symbol with the color, point shape and line dash of a series, for use within text.

    Args:
        series: Index of the series.
        name: Name of the series for tooltips and screen readers; empty if text beside the symbol names it.

    Returns:
        An ``svg`` element.
    """
    aria = f'role="img" aria-label="{escape(name, quote=True)}"' if name else 'aria-hidden="true"'
    return (
        f'<svg class="symbol" viewBox="-16 -8 32 16" width="32" height="16" {aria}>{_title(name)}'
        f'<path class="line" d="M-16 0H16" stroke="var(--c{series % 8})" '
        f'stroke-dasharray="{_dash(series) or "none"}"/>'
        f'<path class="point" d="{_SHAPES[series % 8]}" fill="var(--c{series % 8})"/></svg>'
    )


def _dash(series: int) -> str:
    """Return a dash pattern that differs between neighboring series and between series of the same color."""
    return _DASHES[(series + series // 8) % len(_DASHES)]


def _title(name: str) -> str:
    return f"<title>{escape(name)}</title>" if name else ""
