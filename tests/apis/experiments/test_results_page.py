"""The page of all results: every number comes from the files."""

from __future__ import annotations

import pytest

from mmpretrain_imbalance.apis.experiments.fraction_curves import metric_panels, prior_panels
from mmpretrain_imbalance.apis.experiments.published_order import PUBLISHED, order_rows
from mmpretrain_imbalance.apis.experiments.results_page import results_page
from tests.apis.experiments.result_files import cell, content, difference, method, metric, recipe


def table_rows(page: str, title: str) -> list[list[str]]:
    """Return the cells of the table below a title in bold, without its headings."""
    lines = page.split(f"**{title}**\n")[1].split("\n| ", 1)[1].split("\n\n")[0].splitlines()
    return [[text.strip() for text in line.strip("| ").split(" | ")] for line in lines[2:]]


def test_tables_have_means_intervals_and_marks() -> None:
    better = metric(0.5, difference=[0.1, 0.05, 0.15, 0.01, 0.02], verdict="better", best=True)
    page = results_page(
        [
            content(
                cell("rps_0.5", method("bce", mAP=metric(0.4, best=False)), method("weak", mAP=better)),
                cell("rps_0.9", method("bce", mAP=metric(0.3)), commit="def"),
            )
        ],
        {"own": ["![Curves](images/own.png)"]},
    )
    assert table_rows(page, "photos, mAP") == [
        ["bce", "40.0 ± 1.4", "30.0 ± 1.4"],
        ["weak", "**50.0 ± 1.4** (+5.0 to +15.0) ↑", "-"],
    ]
    assert "F1 at 0.5**" not in page  # no method has a value
    assert "```bash\npython tools/run_experiment.py own\n```" in page
    assert "Yardstick: bce. Budget: 2 seeds; every method has its own values (one trial)." in page
    assert "Version: 1.2 (commit abc), 1.2 (commit def)." in page
    assert "![Curves](images/own.png)" in page
    assert "Not finished" not in page


def test_one_setting_has_one_table_of_all_metrics() -> None:
    found = cell("rps_0.5", method("bce", mAP=metric(0.4), macro_f1=metric(0.1)), method("weak"))
    page = results_page([content(found)], {})
    assert "| method | mAP | macro F1 at 0.5 |\n" in page
    assert table_rows(page, "photos, rps_0.5") == [
        ["bce", "40.0 ± 1.4", "10.0 ± 1.4"],
        ["weak", "-", "-"],
    ]


def test_budget_missing_cells_and_failures_are_listed() -> None:
    failed = [{"method": "weak", "seed": seed, "reason": "no labels\nat all"} for seed in (0, 1)]
    found = cell("rps_0.5", method("bce", 3, mAP=metric(0.4)), unfinished=failed)
    page = results_page([content(found, num_trials=4), content(num_trials=4, title="Other")], {})
    assert "4 trials per method, chosen on a validation part of the training set; 3 trials, because" in page
    assert "there are no other values, for bce." in page
    assert "**Not finished yet: photos rps_0.9.**" in page
    of_data = content(found, num_trials=4, num_trials_of_data=dict(photos=3, digits=1))
    assert "of the training set; 3 trials on photos; one trial on digits." in results_page([of_data], {})
    assert "**Without some of the methods so far: photos rps_0.5.**" in page  # not tried: refit_a
    assert "- photos rps_0.5 weak, seeds 0, 1: no labels at all\n" in page
    assert page.split("## Other")[1].count("**No cell is finished yet.**") == 1
    complete = content(found, compared_methods=["bce", "weak"], figures=["recipe"])
    page = results_page([complete], {})
    assert "Without some" not in page
    assert "No cell has a variant of the recipe and a single method yet." in page


def test_the_recipe_has_a_row_per_cell_and_a_sentence() -> None:
    cells = [cell(f"rps_{name}", recipe=recipe(difference(0.031, 0.001))) for name in ("0.5", "0.9")]
    page = results_page([content(*cells, figures=["recipe"])], {})
    rows = table_rows(page, "Recipe minus single method, mAP, percentage points")
    assert rows[1] == [
        *("photos", "rps_0.9", "refit_a", "bce", "+3.1 (+2.1 to +4.1)", "0.002", "**better**", "better"),
        *("weak", "-0.2"),
    ]
    assert "the bar is met: in mAP, the recipe is better in 2, worse in 0" in page
    assert "in macro F1 at chosen thresholds, the recipe is better in 2" in page


def test_our_order_stands_beside_the_published_one() -> None:
    names = list(PUBLISHED)  # published mAP of VOC ascends in this order
    means = {names[0]: 0.4, names[3]: 0.3, "hill_loss": 0.5, names[1]: 0.2, "failed": None}
    other = {**means, names[0]: 0.6, "failed": 0.9}
    cells = [
        cell("single_positive", *(method(name, mAP=metric(mean)) for name, mean in found.items()), data=data)
        for data, found in (("photos", means), ("clothes", other))
    ]
    rows = order_rows(cells)
    assert [row[0] for row in rows] == [names[0], "hill_loss", names[3], names[1]]
    assert rows[0][1:5] == ["40.0 (2)", "60.0 (1)", "1.5", "1.0"]
    assert rows[1][1:] == ["50.0 (1)", "50.0 (2)", "1.5", *["-"] * 6]
    assert rows[2][4:] == ["2.0", "89.2", "70.9", "47.6", "21.8", "1.0"]
    # Of three methods, AN is third on VOC and COCO, but second on NUS and CUB: 10 / 4.
    assert rows[0][-1] == "2.5"
    page = results_page([content(*cells, figures=["ranks"])], {})
    assert table_rows(page, "Our order and the published one")[0][0] == names[0]
    assert order_rows([]) == []


def test_priors_have_a_table_and_curves() -> None:
    cells = [
        cell("rps_0.9", known_fraction=0.1, priors={"bce": [0.5, 0.7], "weak": [None, 0.1]}),
        cell("rps_0.5", priors={"bce": [0.9, 0.9]}),
    ]
    found = content(*cells, figures=["prior"])
    rows = table_rows(results_page([found], {}), "Quality of the class prior")
    assert rows == [["photos", "rps_0.9", "0.60", "0.10"], ["photos", "rps_0.5", "0.90", "-"]]
    (panel,) = prior_panels(found)
    assert [curve.method for curve in panel.curves] == ["bce", "weak"]
    assert panel.curves[0].x == pytest.approx([10, 50])
    assert panel.curves[0].means == pytest.approx([0.6, 0.9])
    assert panel.curves[0].spreads == pytest.approx([0.1414214, 0])
    assert panel.curves[1].spreads == [0]  # one value


def test_panels_are_those_of_data_and_protocol() -> None:
    def of_setting(setting: str, known: float, *means: float | None, data: str = "photos") -> dict:
        methods = [method(name, mAP=metric(mean)) for name, mean in zip(("bce", "weak"), means)]
        return cell(setting, *methods, data=data, known_fraction=known)

    found = content(
        of_setting("rps_0.1", 0.9, 0.8, None),
        of_setting("rps_0.9", 0.1, 0.4, 0.3),
        of_setting("fpc_80", 0.03, 0.6),
        of_setting("fpc_5", 0.01, 0.5),
        of_setting("rps_0.5", 0.5, 0.4, data="clothes"),  # one setting is no curve
        of_setting("as_annotated", 1.0, 0.9),
    )
    rps, fpc = metric_panels(found, "mAP")
    assert (rps.title, rps.x_label, rps.is_log) == ("photos, RPS", "known labels, percent", False)
    assert (fpc.title, fpc.is_log, fpc.curves[0].x) == ("photos, FPC", True, [5, 80])
    assert (rps.curves[0].x, rps.curves[0].means) == ([10, 90], pytest.approx([40, 80]))
    assert rps.curves[0].spreads == pytest.approx([1.414214, 1.414214])
    assert (rps.curves[1].method, rps.curves[1].x) == ("weak", [10])
