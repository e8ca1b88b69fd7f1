"""The bar of the recipe, against values computed by hand."""

from __future__ import annotations

import pytest

from mmpretrain_imbalance.apis.experiments.recipe_bar import bar_is_met, bar_sentences, recipe_cells
from tests.apis.experiments.result_files import cell, difference, recipe


def cells_of(*differences) -> list[dict]:
    return [cell(f"rps_{index}", recipe=recipe(found)) for index, found in enumerate(differences)]


def test_verdicts_are_after_the_correction_over_the_cells() -> None:
    # Holm: 3 * 0.01 = 0.03, then 2 * 0.03 = 0.06, then the larger of 0.06 and 0.04.
    rows = recipe_cells(
        cells_of(difference(0.02, 0.03), difference(0.03, 0.01), difference(-0.02, 0.04)), "mAP"
    )
    assert [row.p_holm for row in rows] == pytest.approx([0.06, 0.03, 0.06])
    assert [row.verdict for row in rows] == ["not distinguishable", "better", "not distinguishable"]
    # Alone, each of them is distinguishable.
    (alone,) = recipe_cells(cells_of(difference(-0.02, 0.04)), "mAP")
    assert (alone.verdict, alone.low, alone.high) == ("worse", pytest.approx(-0.03), pytest.approx(-0.01))
    assert (alone.recipe, alone.single, alone.best_single, alone.upper_bound) == (
        "refit_a",
        "bce",
        "weak",
        -0.002,
    )


def test_the_images_have_verdicts_of_their_own() -> None:
    rows = recipe_cells(cells_of(difference(0.02, 0.01, 0.2), difference(0.02, 0.01, 0.01)), "mAP")
    assert [row.verdict for row in rows] == ["better", "better"]
    assert [row.verdict_with_images for row in rows] == ["not distinguishable", "better"]


def test_cells_without_a_test_are_not_counted_by_the_correction() -> None:
    rows = recipe_cells([cell("full"), *cells_of(difference(0.02, 0.04), difference(0.5, None), None)], "mAP")
    assert [row.p_holm for row in rows] == [pytest.approx(0.04), None, None]
    assert [row.verdict for row in rows] == ["better", None, None]
    assert [row.mean for row in rows] == [0.02, 0.5, None]


@pytest.mark.parametrize(
    ("better", "worse", "same", "is_met"),
    [
        (2, 0, 1, True),
        (1, 0, 1, False),
        (9, 0, 4, True),
        (8, 0, 5, False),
        (12, 1, 0, False),
        (0, 0, 0, False),
    ],
)
def test_two_thirds_are_better_and_none_is_worse(better: int, worse: int, same: int, is_met: bool) -> None:
    verdicts = ["better"] * better + ["worse"] * worse + ["not distinguishable"] * same
    assert bar_is_met(verdicts) is is_met


def test_sentences_say_what_was_found() -> None:
    of_map = recipe_cells(cells_of(difference(0.02, 0.001, 0.2), difference(0.02, 0.001, 0.2)), "mAP")
    sentences = bar_sentences({"mAP": of_map, "F1": of_map[:1]}, 13)
    assert sentences[0] == "1 of 13 cells are finished; the others can change this."
    assert sentences[1] == (
        "By the paired intervals over the seeds, these cells meet the bar: in mAP, the recipe is better in "
        "2, worse in 0 and not distinguishable in 0 of 2 cells; in F1, the recipe is better in 1, worse in 0 "
        "and not distinguishable in 0 of 1 cells."
    )
    assert sentences[2].startswith("If the test images vary, too, these cells do not meet the bar: in mAP,")
    complete = bar_sentences({"mAP": of_map}, 2)
    assert [sentence.split(":")[0] for sentence in complete] == [
        "By the paired intervals over the seeds, the bar is met",
        "If the test images vary, too, the bar is not met",
    ]
