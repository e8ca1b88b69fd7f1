"""SVG chart with two axes; its colors are CSS variables of the page, for light and dark pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .axis_scale import Scale, tick_label
from .page_templates import render
from .series import Series

if TYPE_CHECKING:
    from markupsafe import Markup

WIDTH, HEIGHT = 400, 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 16, 10, 48


class _Mark(NamedTuple):
    """SVG element with an optional tooltip and text."""

    tag: str
    attributes: dict[str, Any]
    title: str = ""
    text: str = ""


class AxisChart:
    """Points, lines, bars and areas between two axes.

    Args:
        title: Title of the chart.
        x: The horizontal axis.
        y: The vertical axis.
        x_label: Label of the horizontal axis. A logarithmic axis is named as such.
        y_label: Label of the vertical axis.
        x_names: Names at 0, 1, 2, ... of the horizontal axis, which replace the numbers.
        legend: The series that the legend below the chart names, if the page has none.
    """

    def __init__(
        self,
        title: str,
        x: Scale,
        y: Scale,
        x_label: str,
        y_label: str,
        x_names: Sequence[str] | None = None,
        legend: Sequence[Series] = (),
    ) -> None:
        self.title, self.x, self.y, self.legend = title, x, y, legend
        self._marks: list[_Mark] = []
        self._axes(_axis_label(x_label, x), _axis_label(y_label, y), x_names)

    def line(self, xs: Iterable[float], ys: Iterable[float], series: Series, title: str = "") -> None:
        """Draw a line through points in the given order, with a gap at NaN.

        Args:
            xs: Horizontal coordinates.
            ys: Vertical coordinates.
            series: The series.
            title: Tooltip of the line.
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
        attributes = {"class": "line", "d": "".join(commands), "stroke": f"var(--{series.color})"}
        self._marks.append(_Mark("path", {**attributes, "stroke-dasharray": series.dash}, title))

    def points(
        self, xs: Iterable[float], ys: Iterable[float], series: Series, titles: Sequence[str] = ()
    ) -> None:
        """Draw the points of a series and skip those with NaN.

        Args:
            xs: Horizontal coordinates.
            ys: Vertical coordinates.
            series: The series.
            titles: Tooltips of the points. Without them, all points are drawn as plain dots in one SVG path,
                which takes about a tenth of the file size.
        """
        positions = [
            (self._x(x), self._y(y), index)
            for index, (x, y) in enumerate(zip(xs, ys))
            if np.isfinite(x) and np.isfinite(y)
        ]
        color = f"var(--{series.color})"
        if not titles:
            dots = "".join(f"M{x:.1f} {y:.1f}h0" for x, y, _ in positions)
            kind = "fine dots" if len(positions) > 2000 else "dots"
            self._marks.append(_Mark("path", {"class": kind, "d": dots, "stroke": color}))
            return
        for x, y, index in positions:
            place = f"translate({x:.1f} {y:.1f})"
            attributes = {"class": "point", "d": series.shape, "transform": place, "fill": color}
            self._marks.append(_Mark("path", attributes, titles[index]))

    def bar(self, left: float, right: float, height: float, series: Series, title: str = "") -> None:
        """Draw a bar upwards from the horizontal axis, with its height as a number above it.

        Args:
            left: Horizontal coordinate of the left side.
            right: Horizontal coordinate of the right side.
            height: Vertical coordinate of the top; nothing is drawn for NaN.
            series: The series.
            title: Tooltip of the bar.
        """
        if not np.isfinite(height):
            return
        x0, x1, y, floor = self._x(left), self._x(right), self._y(height), self._y(self.y.low)
        box = {
            "class": "bar",
            "x": f"{x0:.1f}",
            "y": f"{y:.1f}",
            "width": f"{max(x1 - x0 - 1, 1):.1f}",
            "height": f"{max(floor - y, 0):.1f}",
        }
        self._marks.append(_Mark("rect", {**box, "fill": f"var(--{series.color})"}, title))
        if x1 - x0 > 12 and floor - y > 20:  # the shape of the series, as colors alone may look alike
            place = f"translate({(x0 + x1 - 1) / 2:.1f} {floor - 9:.1f})"
            self._marks.append(_Mark("path", {"class": "mark", "d": series.shape, "transform": place}))
        if x1 - x0 > 16:
            self._text((x0 + x1) / 2, y - 3, f"{height:.0f}", kind="small")

    def area(self, edges: Sequence[float], heights: Sequence[float], series: Series, title: str = "") -> None:
        """Fill the area below a step function.

        Args:
            edges: Horizontal coordinates of the K + 1 edges of the steps.
            heights: Vertical coordinates of the K steps.
            series: The series.
            title: Tooltip of the area.
        """
        floor = self._y(self.y.low)
        steps = "".join(
            f"L{self._x(left):.1f} {self._y(height):.1f}H{self._x(right):.1f}"
            for left, right, height in zip(edges, edges[1:], heights)
        )
        path = f"M{self._x(edges[0]):.1f} {floor:.1f}{steps}V{floor:.1f}Z"
        self._marks.append(
            _Mark("path", {"class": "area", "d": path, "fill": f"var(--{series.color})"}, title)
        )

    def reference(self, xs: Sequence[float], ys: Sequence[float], text: str = "") -> None:
        """Draw a thin reference line, such as the diagonal, with an optional text at its right end."""
        path = "L".join(f"{self._x(x):.1f} {self._y(y):.1f}" for x, y in zip(xs, ys))
        self._marks.append(_Mark("path", {"class": "reference", "d": f"M{path}"}))
        if text:
            self._text(self._x(xs[-1]) - 2, self._y(ys[-1]) - 4, text, "end", kind="halo")

    def svg(self) -> Markup:
        """Return the chart as an ``svg`` element."""
        return render("axis_chart.svg.jinja", title=self.title, width=WIDTH, height=HEIGHT, marks=self._marks)

    def _x(self, value: float) -> float:
        return _LEFT + (WIDTH - _LEFT - _RIGHT) * self.x.position(value)

    def _y(self, value: float) -> float:
        return HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * self.y.position(value)

    def _text(
        self, x: float, y: float, text: str, anchor: str = "middle", kind: str = "", transform: str = ""
    ) -> None:
        position = {"transform": transform} if transform else {"x": f"{x:.1f}", "y": f"{y:.1f}"}
        attributes = {"class": kind or None, "text-anchor": anchor, **position}
        self._marks.append(_Mark("text", attributes, text=text))

    def _axes(self, x_label: str, y_label: str, x_names: Sequence[str] | None) -> None:
        floor, right = HEIGHT - _BOTTOM, WIDTH - _RIGHT
        for tick in self.y.ticks():
            y = self._y(tick)
            self._marks.append(_Mark("path", {"class": "grid", "d": f"M{_LEFT} {y:.1f}H{right}"}))
            self._text(_LEFT - 6, y + 4, _tick_text(tick), "end")
        named = enumerate(x_names) if x_names is not None else ((t, _tick_text(t)) for t in self.x.ticks())
        for tick, name in named:
            x = self._x(tick)
            if x_names is None:
                self._marks.append(_Mark("path", {"class": "grid", "d": f"M{x:.1f} {_TOP}V{floor}"}))
            self._text(x, floor + 17, name)
        self._marks.append(_Mark("path", {"class": "axis", "d": f"M{_LEFT} {_TOP}V{floor}H{right}"}))
        self._text((_LEFT + right) / 2, HEIGHT - 9, x_label)
        if y_label:
            self._text(0, 0, y_label, transform=f"translate(13 {(floor + _TOP) / 2}) rotate(-90)")


def _axis_label(label: str, scale: Scale) -> str:
    return f"{label} (logarithmic axis)".strip() if scale.log else label


def _tick_text(tick: float) -> str:
    """Return the label of a tick; a large number has a 'k', so that it fits beside the axis."""
    return f"{tick / 1000:,g}k" if 10_000 <= abs(tick) < 1e7 else tick_label(tick)
