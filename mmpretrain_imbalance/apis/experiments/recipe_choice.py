"""The recipe against the best single method: choices by validation, and their difference on the test set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..comparison.results.method_differences import method_difference
from ..comparison.results.run_scores import RunScores
from .validation_scores import picked_by_validation

#: Methods with this prefix train with a loss and refit the head; all others are single methods.
RECIPE_PREFIX = "refit_"
#: Metrics in which the recipe is compared.
RECIPE_METRICS = ("mAP", "macro_f1_chosen")


def recipe_choice(
    methods: Sequence[Mapping[str, Any]], scores: Mapping[str, Mapping[int, RunScores]]
) -> dict[str, Any] | None:
    """Pick a variant of the recipe and a single method by validation, and compare them on the test set.

    Args:
        methods: Entries of ``methods`` of a cell.
        scores: Scores of the runs by method and seed.

    Returns:
        ``recipe`` and ``single``, the picked methods; ``metrics``, by metric the ``difference`` of the recipe
        from the picked single method, and ``best_single``, the single method with the best mean on the test
        set, with the ``upper_bound``, the difference of the recipe from it. None if either kind of method is
        missing.
    """
    recipes = [name for name in scores if name.startswith(RECIPE_PREFIX)]
    singles = [name for name in scores if name not in recipes]
    recipe, single = picked_by_validation(methods, recipes), picked_by_validation(methods, singles)
    if recipe is None or single is None:
        return None
    found = {}
    most = max(len(by_seed) for by_seed in scores.values())
    for metric in RECIPE_METRICS:
        means = {
            method["method"]: method["metrics"][metric]["mean"]
            for method in methods
            if method["method"] in singles and metric in method["metrics"]
        }
        complete = [name for name in means if len(scores[name]) == most]
        best = max(complete, key=lambda name: means[name], default=single)
        found[metric] = {
            "difference": recipe_difference(scores[recipe], scores[single], metric),
            "best_single": best,
            "upper_bound": recipe_difference(scores[recipe], scores[best], metric),
        }
    return {"recipe": recipe, "single": single, "metrics": found}


def recipe_difference(
    recipe: Mapping[int, RunScores], single: Mapping[int, RunScores], metric: str
) -> dict[str, Any] | None:
    """Compare two methods over the seeds, and over the seeds and the test images.

    Args:
        recipe: Scores of the recipe by seed.
        single: Scores of the single method by seed.
        metric: Name of the metric.

    Returns:
        ``mean`` and ``n``; ``seeds``, the ends and the p-value of the paired t-test; and ``low``, ``high``
        and ``p`` of the wider interval and the larger p-value of both tests of :func:`method_difference`.
        None without a common seed.
    """
    found = method_difference(recipe, single, metric)
    if found is None:
        return None
    return {name: found[name] for name in ("mean", "n", "low", "high", "p", "seeds")}
