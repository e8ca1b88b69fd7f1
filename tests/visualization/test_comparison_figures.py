from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from mmpretrain_imbalance.visualization.comparison_figures import write_comparison_figures
from mmpretrain_imbalance.visualization.comparison_plot import draw_comparison
from mmpretrain_imbalance.visualization.critical_difference import draw_critical_difference
from tests.apis.comparison.summaries import method, setting, statistics, summary, three_methods


def texts(figure: Figure) -> list[str]:
    axes = figure.axes[0]
    return [text.get_text() for text in axes.texts]


def test_the_comparison_has_one_line_per_method_the_best_at_the_top() -> None:
    bce = method("bce", statistics(0.5))
    plm = method("plm", statistics(0.7, 0.01, "better", True))
    figure = draw_comparison(summary(setting(bce, plm), setting(bce, name="rps")))
    first, second = figure.axes
    assert [label.get_text() for label in first.get_yticklabels()] == ["plm", "bce"]
    assert (first.get_title("left"), second.get_title("left")) == ("digits, as_annotated", "digits, rps")
    of_plm, mean_of_plm, of_bce, mean_of_bce = (item.get_offsets() for item in first.collections)
    np.testing.assert_allclose(of_plm, [[69, 0], [71, 0]])
    np.testing.assert_allclose([*mean_of_plm, *mean_of_bce], [[70, 0], [50, 1]])
    np.testing.assert_allclose(of_bce, [[49, 1], [51, 1]])
    # The mean of the yardstick with the same seeds is 60, as the difference is 0.1.
    bar = next(line for line in first.lines if len(set(line.get_ydata())) == 1)
    np.testing.assert_allclose(bar.get_xdata(), [65, 75])


def test_methods_without_a_value_and_empty_settings_are_left_out() -> None:
    blank = setting(name="rps")
    figure = draw_comparison(
        summary(setting(method("bce", statistics(0.5)), method("plm", statistics(None))), blank)
    )
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["bce"]
    assert len(figure.axes) == 1
    draw_comparison(summary(blank))


def test_the_critical_difference_diagram() -> None:
    ranks = {"plm": 1.25, "csl": 2.0, "bce": 2.75, "hill": 4.0}
    figure = draw_critical_difference(ranks, 2.1, [["plm", "csl", "bce"], ["csl", "bce", "hill"]], "title")
    shown = texts(figure)
    assert {"plm  1.25", "csl  2.00", "2.75  bce", "4.00  hill", "critical difference 2.10"} <= set(shown)
    lines = {
        tuple(np.round(line.get_xdata(), 6)) for line in figure.axes[0].lines if line.get_linewidth() > 3
    }
    (start, end), (second_start, second_end) = sorted(lines)
    # The axis has 5 inches for the ranks 1 to 4; each bar is 0.05 inches longer at both ends.
    assert end - start == pytest.approx(5 * 1.5 / 3 + 0.1)
    assert second_end - second_start == pytest.approx(5 * 2 / 3 + 0.1)


def test_no_text_overlaps_or_leaves_the_figure() -> None:
    names = [f"a_rather_long_name_of_a_method_{index}" for index in range(26)]
    figure = draw_critical_difference(dict(zip(names, range(1, 27))), 30.0, [names], "title")
    renderer = figure.canvas.get_renderer() if hasattr(figure.canvas, "get_renderer") else None
    figure.draw_without_rendering()
    boxes = [text.get_window_extent(renderer) for text in figure.axes[0].texts]
    width, height = figure.bbox.size
    for index, box in enumerate(boxes):
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= width
        assert box.y1 <= height
        assert not any(box.overlaps(other) for other in boxes[index + 1 :])


def test_files_are_equal_and_have_no_date(tmp_path: Path) -> None:
    content = summary(three_methods("a", 0.5, 0.6, 0.7), three_methods("b", 0.5, 0.6, 0.7))
    for folder in ("one", "two"):
        write_comparison_figures(content, tmp_path / folder)
    for name in ("comparison.png", "critical_difference.png"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
        assert set(Image.open(tmp_path / "one" / name).info) <= {"dpi"}


def test_an_outdated_diagram_is_deleted(tmp_path: Path) -> None:
    (tmp_path / "critical_difference.png").write_bytes(b"old")
    write_comparison_figures(summary(three_methods("a", 0.5, 0.6, 0.7)), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["comparison.png"]
