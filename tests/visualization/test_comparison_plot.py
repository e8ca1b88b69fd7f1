from __future__ import annotations

import numpy as np

from mmpretrain_imbalance.visualization.comparison_plot import draw_comparison
from tests.apis.comparison.results.summaries import method, setting, statistics, summary


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
