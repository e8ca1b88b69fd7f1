"""Figures of experiments: positions and styles of what is drawn."""

from __future__ import annotations

import numpy as np

from mmpretrain_imbalance.apis.experiments.fraction_curves import Curve, CurvePanel
from mmpretrain_imbalance.apis.experiments.recipe_bar import recipe_cells
from mmpretrain_imbalance.visualization.experiment_figures import draw_curves, draw_recipe
from mmpretrain_imbalance.visualization.palette import LIGHT
from tests.apis.experiments.result_files import cell, difference, recipe


def panel(title: str, *names: str, is_log: bool = False) -> CurvePanel:
    curves = [Curve(name, [5, 20], [30, 40], [1, 2]) for name in names]
    return CurvePanel(title, "known labels", is_log, curves)


def test_curves_have_a_band_and_the_same_style_in_all_panels() -> None:
    figure = draw_curves(
        [panel("photos, RPS", "bce", "csl"), panel("photos, FPC", "csl", is_log=True)], "mAP"
    )
    first, second = figure.axes
    assert [axes.get_title("left") for axes in figure.axes] == ["photos, RPS", "photos, FPC"]
    assert first.lines[1].get_color() == second.lines[0].get_color() != first.lines[0].get_color()
    assert first.lines[1].get_marker() == second.lines[0].get_marker() != first.lines[0].get_marker()
    np.testing.assert_array_equal(second.lines[0].get_xydata(), [[5, 30], [20, 40]])
    band = second.collections[0].get_paths()[0].vertices
    assert {(5, 29), (5, 31), (20, 38), (20, 42)} <= {tuple(point) for point in band}
    assert (first.get_xscale(), second.get_xscale()) == ("linear", "log")
    assert list(second.get_xticks()) == [5, 20]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["bce", "csl"]


def test_more_methods_than_colors_have_other_dashes() -> None:
    figure = draw_curves([panel("photos", *map(str, range(9)))], "mAP")
    lines = figure.axes[0].lines
    assert lines[0].get_color() == lines[8].get_color()
    assert lines[0].get_linestyle() != lines[8].get_linestyle()


def test_the_recipe_has_a_line_per_cell_with_the_color_of_its_verdict() -> None:
    found = [difference(0.02, 0.001), difference(-0.03, 0.001), difference(0.0, 0.9), None]
    cells = recipe_cells([cell(f"rps_{index}", recipe=recipe(one)) for index, one in enumerate(found)], "mAP")
    (axes,) = draw_recipe(cells, "mAP").axes
    assert [text.get_text() for text in axes.get_yticklabels()] == [
        f"photos, rps_{index}" for index in range(3)
    ]
    _, *bars = axes.lines
    np.testing.assert_allclose([bar.get_xdata() for bar in bars], [[1, 3], [-4, -2], [-1, 1]])
    assert [bar.get_color() for bar in bars] == [LIGHT["positive"], LIGHT["negative"], LIGHT["unknown"]]
    means, bounds = axes.collections[0::2], axes.collections[1::2]
    np.testing.assert_allclose([dot.get_offsets()[0] for dot in means], [[2, 0], [-3, 1], [0, 2]])
    np.testing.assert_allclose([mark.get_offsets()[0][0] for mark in bounds], [-0.2] * 3)
