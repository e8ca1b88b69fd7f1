from __future__ import annotations

import numpy as np
import pytest

from mmpretrain_imbalance.visualization.critical_difference import draw_critical_difference


def test_the_critical_difference_diagram() -> None:
    ranks = {"plm": 1.25, "csl": 2.0, "bce": 2.75, "hill": 4.0}
    figure = draw_critical_difference(ranks, 2.1, [["plm", "csl", "bce"], ["csl", "bce", "hill"]], "title")
    shown = [text.get_text() for text in figure.axes[0].texts]
    assert {"plm  1.25", "csl  2.00", "2.75  bce", "4.00  hill", "critical difference 2.10"} <= set(shown)
    # The lines of the methods do not cross: the best and the worst method are at the top.
    heights = {text.get_text(): text.get_position()[1] for text in figure.axes[0].texts}
    assert heights["plm  1.25"] == heights["4.00  hill"] < heights["csl  2.00"] == heights["2.75  bce"]
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
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    width, height = figure.bbox.size
    for index, box in enumerate(boxes):
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= width
        assert box.y1 <= height
        assert not any(box.overlaps(other) for other in boxes[index + 1 :])
