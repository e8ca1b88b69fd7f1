"""Published results with single positive labels, beside which ours are ranked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

#: Where the figures stand: one table, in which all methods have the same network and data.
SOURCE = "Tran et al. (ICCV 2025, arXiv 2508.20381)"
DATA = ("VOC", "COCO", "NUS", "CUB")
#: mAP in percent with one positive label per image, by the name of the method here. The table has no figures
#: that we could read for the other methods.
PUBLISHED = {
    "assume_negative_loss": (85.89, 64.92, 42.27, 18.31),
    "online_label_estimation_loss_k": (87.77, 67.04, 41.63, 13.66),
    "entropy_maximization_loss": (89.09, 70.70, 47.15, 20.85),
    "asymmetric_pseudo_label_loss": (89.19, 70.87, 47.59, 21.84),
}


def descending_ranks(values: Sequence[float]) -> list[float]:
    """Return the ranks of values, 1 for the largest; equal values have their mean rank.

    Args:
        values: The values.

    Example:
        >>> descending_ranks([0.5, 0.9, 0.5])
        [2.5, 1.0, 2.5]
    """
    return [
        sum(other > value for other in values) + (1 + sum(other == value for other in values)) / 2
        for value in values
    ]


def order_rows(cells: Sequence[Mapping[str, Any]], metric: str = "mAP") -> list[list[str]]:
    """Return the rows of the table of our order and the published one.

    Args:
        cells: Cells of a result file, one column each.
        metric: Name of the metric.

    Returns:
        For each method with a result in all cells, best mean rank first: its name; its mean and rank of each
        cell; its mean rank; its mean rank among the methods with published figures; the published figures;
        and their mean rank. A missing figure is '-'.
    """
    means = [
        {entry["method"]: entry["metrics"].get(metric, {}).get("mean") for entry in cell["methods"]}
        for cell in cells
    ]
    names = (
        [name for name in means[0] if all(found.get(name) is not None for found in means)] if means else []
    )
    if not names:
        return []
    common = [name for name in names if name in PUBLISHED]
    ours = _ranks(names, [[found[name] for found in means] for name in names])
    ours_of_common = _ranks(common, [[found[name] for found in means] for name in common])
    published = _ranks(common, [PUBLISHED[name] for name in common])
    rows = []
    for name in sorted(names, key=lambda name: sum(ours[name])):
        row = [name]
        row += [f"{100 * found[name]:.1f} ({rank:g})" for found, rank in zip(means, ours[name])]
        row.append(f"{_mean(ours[name]):.1f}")
        if name in PUBLISHED:
            row.append(f"{_mean(ours_of_common[name]):.1f}")
            row += [f"{value:.1f}" for value in PUBLISHED[name]]
            row.append(f"{_mean(published[name]):.1f}")
        else:
            row += ["-"] * (len(DATA) + 2)
        rows.append(row)
    return rows


def _ranks(names: Sequence[str], rows: Sequence[Sequence[float]]) -> dict[str, list[float]]:
    """Return the ranks of the methods in each column."""
    columns = [descending_ranks(column) for column in zip(*rows)]
    return {name: [column[index] for column in columns] for index, name in enumerate(names)}


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
