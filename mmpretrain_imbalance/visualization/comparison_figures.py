"""Figure files of a comparison of methods."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from ..utils.files import atomic_write
from .comparison_plot import draw_comparison
from .critical_difference import draw_critical_difference

_DPI = 110


def write_comparison_figures(
    summary: Mapping[str, Any], folder: str | os.PathLike[str], metric: str = "mAP"
) -> None:
    """Write ``comparison.png``, and ``critical_difference.png`` if the methods have ranks.

    Earlier files are replaced atomically; a ``critical_difference.png`` without ranks is deleted.

    Args:
        summary: Content of ``results.json`` of a comparison.
        folder: The folder of the files.
        metric: Name of the metric.

    Raises:
        OSError: If a file cannot be written; an existing file is then unchanged.
    """
    write_figure(draw_comparison(summary, metric), Path(folder) / "comparison.png")
    ranks, path = summary["ranks"].get(metric), Path(folder) / "critical_difference.png"
    if ranks is None:
        path.unlink(missing_ok=True)
    else:
        write_figure(draw_rank_figure(ranks, metric), path)


def draw_rank_figure(ranks: Mapping[str, Any], metric: str) -> Figure:
    """Plot the critical-difference diagram of one metric.

    Args:
        ranks: Result of ``rank_metric``.
        metric: Name of the metric, for the title.

    Returns:
        The figure.
    """
    title = f"Mean ranks in {metric} over {len(ranks['blocks'])} pairs of data and setting (1 is the best)"
    return draw_critical_difference(ranks["mean_ranks"], ranks["critical_difference"], ranks["groups"], title)


def write_figure(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a figure as PNG, whose bytes depend on the figure and on Matplotlib only.

    Args:
        figure: The figure.
        path: The file; an earlier file is replaced atomically.

    Raises:
        OSError: If the file cannot be written; an existing file is then unchanged.
    """
    with atomic_write(path, "wb") as file:
        figure.savefig(file, format="png", dpi=_DPI, metadata={"Software": None})
