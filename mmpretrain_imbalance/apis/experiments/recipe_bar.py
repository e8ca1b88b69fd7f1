"""The bar of the recipe: its differences from the best single method, cell by cell, and the verdict."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...functional.paired_tests import holm_correction
from ..comparison.results.method_differences import BETTER, SAME, SIGNIFICANCE, WORSE


@dataclass(frozen=True)
class RecipeCell:
    """Difference of the recipe from a single method in one cell and metric.

    Attributes:
        data: Name of the data set.
        setting: Name of the setting.
        recipe: Variant of the recipe that validation picked.
        single: Single method that validation picked.
        mean: Mean difference; None without a common seed.
        low: Lower end of its 95 % interval over the seeds; None if it is not known.
        high: Upper end.
        p_holm: p-value over the seeds after Holm's correction over the cells; None if it is not known.
        verdict: 'better', 'worse' or 'not distinguishable', by ``p_holm``; None without it.
        verdict_with_images: The same by the larger p-value of the tests over seeds and over seeds and images.
        best_single: Single method with the best mean on the test set.
        upper_bound: Mean difference of the recipe from it.
    """

    data: str
    setting: str
    recipe: str
    single: str
    mean: float | None
    low: float | None
    high: float | None
    p_holm: float | None
    verdict: str | None
    verdict_with_images: str | None
    best_single: str
    upper_bound: float | None


def recipe_cells(cells: Sequence[Mapping[str, Any]], metric: str) -> list[RecipeCell]:
    """Return the differences of the recipe in all cells that have them, with verdicts.

    Args:
        cells: Cells of a result file.
        metric: Name of the metric.

    Returns:
        The differences. Holm's correction is over these cells.
    """
    found = [cell for cell in cells if "recipe" in cell]
    differences = [cell["recipe"]["metrics"][metric]["difference"] or {} for cell in found]
    corrected = _holm([(difference.get("seeds") or {}).get("p") for difference in differences])
    with_images = _holm([difference.get("p") for difference in differences])
    rows = []
    for cell, difference, p_value, p_with_images in zip(found, differences, corrected, with_images):
        recipe, mean = cell["recipe"], difference.get("mean")
        seeds, bound = difference.get("seeds") or {}, recipe["metrics"][metric]
        rows.append(
            RecipeCell(
                data=cell["data"],
                setting=cell["setting"],
                recipe=recipe["recipe"],
                single=recipe["single"],
                mean=mean,
                low=seeds.get("low"),
                high=seeds.get("high"),
                p_holm=p_value,
                verdict=_verdict(mean, p_value),
                verdict_with_images=_verdict(mean, p_with_images),
                best_single=bound["best_single"],
                upper_bound=(bound["upper_bound"] or {}).get("mean"),
            )
        )
    return rows


def bar_is_met(verdicts: Sequence[str | None]) -> bool:
    """Return whether the recipe is worse in no cell, and better in at least two thirds of them.

    Args:
        verdicts: The verdict of each cell.

    Example:
        >>> bar_is_met(["better", "better", "not distinguishable"])
        True
        >>> bar_is_met(["better", "better", "worse"]), bar_is_met(["better", None])
        (False, False)
    """
    return bool(verdicts) and WORSE not in verdicts and 3 * list(verdicts).count(BETTER) >= 2 * len(verdicts)


def bar_sentences(rows: Mapping[str, Sequence[RecipeCell]], num_planned: int) -> list[str]:
    """Say whether the bar is met, by the test over seeds and by the test with the images.

    Args:
        rows: Rows of ``recipe_cells`` by the heading of the metric.
        num_planned: Number of cells of the whole experiment.

    Returns:
        The sentences.
    """
    sentences = []
    num_finished = min((len(cells) for cells in rows.values()), default=0)
    met, not_met = "the bar is met", "the bar is not met"
    if num_finished < num_planned:
        sentences.append(f"{num_finished} of {num_planned} cells are finished; the others can change this.")
        met, not_met = "these cells meet the bar", "these cells do not meet the bar"
    for test, name in (
        ("By the paired intervals over the seeds", "verdict"),
        ("If the test images vary, too", "verdict_with_images"),
    ):
        verdicts = {metric: [getattr(cell, name) for cell in cells] for metric, cells in rows.items()}
        counts = "; ".join(
            f"in {metric}, the recipe is better in {found.count(BETTER)}, worse in {found.count(WORSE)} and "
            f"not distinguishable in {found.count(SAME)} of {len(found)} cells"
            for metric, found in verdicts.items()
        )
        is_met = all(map(bar_is_met, verdicts.values()))
        sentences.append(f"{test}, {met if is_met else not_met}: {counts}.")
    return sentences


def _holm(p_values: Sequence[float | None]) -> list[float | None]:
    corrected = holm_correction([math.nan if value is None else value for value in p_values])
    return [None if math.isnan(value) else float(value) for value in corrected]


def _verdict(mean: float | None, p_value: float | None) -> str | None:
    if mean is None or p_value is None:
        return None
    if p_value > SIGNIFICANCE:
        return SAME
    return BETTER if mean > 0 else WORSE
