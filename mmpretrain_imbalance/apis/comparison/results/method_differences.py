"""Differences between two methods in one setting, and their correction for several comparisons."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ....functional.metrics.paired_bootstrap import mean_differences, resampled_difference
from ....functional.paired_tests import holm_correction, paired_t_test, seeds_and_images_test
from .compared_metrics import ComparedMetric
from .run_scores import RunScores

CONFIDENCE = 0.95
SIGNIFICANCE = 0.05
BETTER, WORSE, SAME = "better", "worse", "not distinguishable"


def method_difference(
    method: Mapping[int, RunScores],
    baseline: Mapping[int, RunScores],
    metric: str,
    num_folds: int | None = None,
) -> dict[str, Any] | None:
    """Compare two methods in one metric, over the seeds and over the test images.

    Args:
        method: Scores of the runs of the method by seed.
        baseline: Scores of the runs of the baseline by seed.
        metric: Name of the metric.
        num_folds: Number of folds of a cross-validation, whose seeds are folds; None for one test set. The
            training sets of folds overlap, so that the variance over them is corrected, see
            :func:`paired_t_test`.

    Returns:
        ``mean`` of the differences and the number ``n`` of common seeds; ``seeds`` of the paired t-test,
        ``images`` of the bootstrap over images, and ``both`` of the test with both variances, each with
        ``low``, ``high`` and ``p``, or None if it cannot be computed; and ``low``, ``high`` and ``p`` that
        count: the ends of both intervals of ``seeds`` and ``both`` that are farther away, and the larger
        p-value. With one seed, ``images`` counts. For metrics without bootstrap, ``low`` and ``high`` are
        those of ``seeds``, and ``p`` is None. None without a common seed in which both methods have a value.
    """
    pairs = [
        (method[seed], baseline[seed])
        for seed in sorted(method.keys() & baseline.keys())
        if method[seed].values[metric] is not None and baseline[seed].values[metric] is not None
    ]
    if not pairs:
        return None
    values, others = np.array([[run.values[metric] for run in pair] for pair in pairs], dtype=float).T
    test: dict[str, float] = {
        "confidence": CONFIDENCE,
        "test_to_train": 0.0 if num_folds is None else 1 / (num_folds - 1),
    }
    by_seeds = paired_t_test(values, others, **test)
    found: dict[str, Any] = {
        "mean": by_seeds.difference,
        "n": len(pairs),
        "seeds": _interval(by_seeds),
        "images": None,
        "both": None,
        "low": None,
        "high": None,
        "p": None,
    }
    if all(metric in run.resampled for pair in pairs for run in pair):
        resampled = [np.stack([run.resampled[metric] for run in runs]) for runs in zip(*pairs)]
        by_images = resampled_difference(*resampled, confidence=CONFIDENCE)
        found["images"] = _interval(by_images)
        resampled_means = mean_differences(*resampled)[1:]
        resampled_means = resampled_means[~np.isnan(resampled_means)]
        if len(pairs) > 1 and len(resampled_means) > 1:
            both = seeds_and_images_test(
                values,
                others,
                float(resampled_means.var(ddof=1)),
                max(2, min(run.num_images for pair in pairs for run in pair)),
                **test,
            )
            found["both"] = _interval(both)
    counted = [found[name] for name in ("seeds", "both") if found[name]] or [found["images"]]
    if counted[0]:
        found["low"] = min(interval["low"] for interval in counted)
        found["high"] = max(interval["high"] for interval in counted)
        if found["both"] or found["n"] == 1:
            found["p"] = max(interval["p"] for interval in counted)
    return found


def add_verdicts(differences: Mapping[str, dict[str, Any] | None], metric: ComparedMetric) -> None:
    """Add ``p_holm`` and ``verdict`` to the differences between all methods and the same baseline.

    Args:
        differences: Result of ``method_difference`` for each method; it is changed. The verdict is
            'better', 'worse' or 'not distinguishable', or None without a p-value.
        metric: The metric.

    Example:
        >>> found = {"plm": {"mean": 0.2, "p": 0.01}, "csl": {"mean": 0.1, "p": 0.04}}
        >>> add_verdicts(found, ComparedMetric("mAP", "mAP"))
        >>> found["plm"]["p_holm"], found["plm"]["verdict"], found["csl"]["verdict"]
        (0.02, 'better', 'better')
    """
    tested = [difference for difference in differences.values() if difference is not None]
    p_values = [math.nan if difference["p"] is None else difference["p"] for difference in tested]
    for difference, adjusted in zip(tested, holm_correction(p_values).tolist()):
        difference["p_holm"] = difference["verdict"] = None
        if not math.isnan(adjusted):
            is_better = (difference["mean"] < 0) == metric.lower_is_better
            difference["p_holm"] = adjusted
            difference["verdict"] = SAME if adjusted > SIGNIFICANCE else BETTER if is_better else WORSE


def best_group(
    methods: Mapping[str, Mapping[int, RunScores]],
    means: Mapping[str, float | None],
    metric: ComparedMetric,
    num_folds: int | None = None,
) -> dict[str, bool]:
    """Find the methods that cannot be told apart from the one with the best mean.

    A method with a higher mean than a member may be outside of the group, if it varies less.

    Args:
        methods: Scores of the runs of each method by seed.
        means: Mean of the metric of each method over its seeds; None if it is not defined.
        metric: The metric.
        num_folds: As in ``method_difference``.

    Returns:
        Whether each method belongs to the group, for the methods whose difference from the best one can be
        tested; empty if no difference can be tested.
    """
    defined = {name: mean for name, mean in means.items() if mean is not None}
    if len(defined) < 2:
        return {}
    best = (min if metric.lower_is_better else max)(defined, key=lambda name: defined[name])
    differences = {
        name: method_difference(methods[name], methods[best], metric.name, num_folds)
        for name in defined
        if name != best
    }
    add_verdicts(differences, metric)
    members = {
        name: difference["verdict"] == SAME
        for name, difference in differences.items()
        if difference is not None and difference["verdict"] is not None
    }
    return {best: True, **members} if members else {}


def _interval(found: Any) -> dict[str, float] | None:
    if math.isnan(found.p_value):
        return None
    return {"low": found.low, "high": found.high, "p": found.p_value}
