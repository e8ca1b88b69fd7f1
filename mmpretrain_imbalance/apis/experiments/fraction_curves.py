"""Curves over the number of known labels: one panel per data set and protocol of hidden labels."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any


@dataclass(frozen=True)
class Curve:
    """Values of one method.

    Attributes:
        method: Name of the method.
        x: Fraction of known labels in percent, or number of labels per class, ascending.
        means: Mean over the seeds at each x.
        spreads: Standard deviation over the seeds; 0 for one seed.
    """

    method: str
    x: list[float]
    means: list[float]
    spreads: list[float]


@dataclass(frozen=True)
class CurvePanel:
    """Curves of all methods for one data set and protocol.

    Attributes:
        title: Data set and protocol.
        x_label: Label of the horizontal axis.
        is_log: Whether the axis is logarithmic.
        curves: The curves, in the order of the methods.
    """

    title: str
    x_label: str
    is_log: bool
    curves: list[Curve]


def metric_panels(content: Mapping[str, Any], metric: str) -> list[CurvePanel]:
    """Return the curves of a metric, in percent.

    Args:
        content: Content of a result file.
        metric: Name of the metric.

    Returns:
        One panel per data set and protocol with several settings.
    """

    def values(cell: Mapping[str, Any]) -> dict[str, list[float | None]]:
        found = {entry["method"]: entry["metrics"].get(metric) for entry in cell["methods"]}
        return {name: entry["values"] for name, entry in found.items() if entry is not None}

    return _panels(content, values, 100)


def prior_panels(content: Mapping[str, Any]) -> list[CurvePanel]:
    """Return the rank correlations of the class priors with the true frequencies.

    Args:
        content: Content of a result file.

    Returns:
        One panel per data set and protocol with several settings.
    """
    return _panels(content, lambda cell: cell.get("priors", {}), 1)


def _panels(
    content: Mapping[str, Any],
    values: Callable[[Mapping[str, Any]], Mapping[str, list[float | None]]],
    factor: float,
) -> list[CurvePanel]:
    groups: dict[tuple[str, str], list[tuple[float, Mapping[str, list[float | None]]]]] = {}
    for cell in content["cells"]:
        found = re.fullmatch(r"(.+)_([\d.]+)", cell["setting"])
        if found:
            # With a fixed number per class, frequent classes lose a larger fraction than rare ones.
            x = float(found[2]) if found[1] == "fpc" else 100 * cell["known_fraction"]
            groups.setdefault((cell["data"], found[1]), []).append((x, values(cell)))
    panels = []
    for (data, protocol), cells in groups.items():
        curves = [_curve(method, cells, factor) for method in content["compared_methods"]]
        curves = [curve for curve in curves if curve.x]
        if len(cells) > 1 and curves:
            is_number = protocol == "fpc"
            label = (
                "known positives, and known negatives, per class" if is_number else "known labels, percent"
            )
            panels.append(CurvePanel(f"{data}, {protocol.upper()}", label, is_number, curves))
    return panels


def _curve(method: str, cells: list[tuple[float, Mapping[str, list[float | None]]]], factor: float) -> Curve:
    points = []
    for x, values in cells:
        defined = [factor * value for value in values.get(method, []) if value is not None]
        if defined:
            points.append((x, fmean(defined), stdev(defined) if len(defined) > 1 else 0.0))
    points.sort()
    return Curve(method, *([point[index] for point in points] for index in range(3)))
