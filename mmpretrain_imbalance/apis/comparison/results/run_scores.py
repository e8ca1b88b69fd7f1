"""Metrics of one run of a comparison, on the test images and on resamples of them."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ....functional.metrics.auroc import auroc
from ....functional.metrics.average_precision import average_precision, mean_average_precision
from ....functional.metrics.calibration_error import calibration_error
from ....functional.metrics.class_groups import (
    DEFAULT_GROUP_THRESHOLDS,
    class_groups,
    named_class_groups,
    rarest_classes,
)
from ....functional.metrics.multi_label_scores import class_scores, multi_label_scores
from ....functional.metrics.predicted_labels import labels_above
from ....functional.metrics.resampled_metrics import ClassMeans, image_resamples, resampled_metrics
from ....functional.metrics.top1_accuracy import Top1Predictions, top1_predictions
from ....metrics.known_predictions import KnownPredictions
from ....utils.class_values import class_values
from .compared_run import ComparedRun


@dataclass(frozen=True)
class ClassResults:
    """Results of each class of a run.

    Attributes:
        names: Class names, C of them.
        training_positives: Positives of the training set as annotated, of shape (C,).
        test_positives: Known positives of the test set, of shape (C,).
        ap: Average precision in [0, 1], NaN if it is not defined, of shape (C,).
        f1: F1 at the threshold 0.5 in [0, 1], NaN without known positives, of shape (C,).
        f1_chosen: F1 at the chosen threshold, of shape (C,).
        thresholds: Threshold chosen on the validation part, of shape (C,).
    """

    names: list[str]
    training_positives: np.ndarray
    test_positives: np.ndarray
    ap: np.ndarray
    f1: np.ndarray
    f1_chosen: np.ndarray
    thresholds: np.ndarray


@dataclass(frozen=True)
class RunScores:
    """Metrics of a run.

    Attributes:
        values: Value of each metric in [0, 1]; None if it is not defined.
        classes: Results of each class.
        resampled: By metric, the value on the test images and on R resamples of them, of shape (1 + R,).
            Metrics that are not resampled are left out.
        test_set: Digest of the images, classes and labels of the test set.
        num_images: Number of test images with a known label.
        groups_of_dataset: Whether the dataset defines head, middle and tail itself.
    """

    values: dict[str, float | None]
    classes: ClassResults
    resampled: dict[str, np.ndarray]
    test_set: str
    num_images: int
    groups_of_dataset: bool


def score_run(
    run: ComparedRun,
    *,
    num_rarest: int = 3,
    group_thresholds: Sequence[float] = DEFAULT_GROUP_THRESHOLDS,
    num_resamples: int = 1000,
    seed: int = 0,
) -> RunScores:
    """Compute the metrics of a run from ``predictions.npz`` and ``thresholds.json`` in its folder.

    The metrics are those of :class:`PartialLabelAveragePrecision` and :class:`PartialLabelMetric`, as
    fractions. ``macro_f1``, ``CF1``, ``f1_*`` and ``recall_*`` use the threshold 0.5, ``macro_f1_chosen`` and
    ``f1_*_chosen`` those of ``thresholds.json``. The F1 and recall of a group of classes are means over its
    classes. ``top1`` and ``top1_*`` are defined only if every test image has exactly one positive: the
    fraction of the images whose class has the highest score, and the mean of this fraction over the classes
    of a group. Groups of the dataset, as of LVIS, take precedence over ``group_thresholds``. Runs
    with the same test set have the same resamples.

    Args:
        run: The run.
        num_rarest: Number of the rarest classes.
        group_thresholds: The smallest number of training positives of a middle class, and of a head class.
        num_resamples: The number of resamples R of the test images; 0 for none.
        seed: Seed of the resamples.

    Returns:
        The metrics.

    Raises:
        FileNotFoundError: If a file does not exist.
        ValueError: If a file is malformed, or belongs to other classes.
    """
    known = KnownPredictions.load(run.folder / "predictions.npz")
    size, name = known.num_classes, "score_run"
    thresholds = class_values(run.folder / "thresholds.json", "thresholds", known.class_names, size, name)
    positives = class_values(
        run.training_positives, "training_positives", known.class_names, size, name
    ).astype(np.int64)
    flat: dict[str, Any] = dict(labels=known.labels, classes=known.classes, num_classes=size)

    ap = average_precision(known.scores, **flat)
    at_half = labels_above(known.scores, 0.5)
    at_chosen = labels_above(known.scores, thresholds[known.classes])
    half, chosen = class_scores(at_half, **flat), class_scores(at_chosen, **flat)
    groups = (
        class_groups(positives, group_thresholds)
        if known.class_groups is None
        else named_class_groups(known.class_groups)
    )
    rarest = rarest_classes(positives, num_rarest)
    keeps: dict[str, Any] = {
        "mAP": None,
        **{f"mAP_{group}": keep for group, keep in groups.items()},
        "mAP_rarest": rarest,
    }
    f1s: list[tuple[Any, dict[str, Any]]] = [
        (0.5, {"macro_f1": None, "f1_rarest": rarest, **_by_group("f1_{}", groups)}),
        (thresholds, {"macro_f1_chosen": None, **_by_group("f1_{}_chosen", groups)}),
    ]
    recalls = _by_group("recall_{}", groups)
    values = {
        **{metric: mean_average_precision(ap, keep=keep) for metric, keep in keeps.items()},
        # The mean of the values that are not NaN, as for AP.
        **{metric: mean_average_precision(half.f1, keep=keep) for metric, keep in f1s[0][1].items()},
        **{metric: mean_average_precision(chosen.f1, keep=keep) for metric, keep in f1s[1][1].items()},
        **{metric: mean_average_precision(half.recall, keep=keep) for metric, keep in recalls.items()},
        "CF1": multi_label_scores(at_half, **flat)["CF1"],
        "AUROC": mean_average_precision(auroc(known.scores, **flat)),
        "calibration_error": mean_average_precision(calibration_error(known.scores, **flat)),
    }
    test_set = _digest(known)
    # Test sets that differ between seeds are independent samples: each has resamples of its own.
    seed_of_set = np.random.SeedSequence([seed, int(test_set[:16], 16)])
    resampled = {}
    if num_resamples:
        resampled = resampled_metrics(
            known.scores,
            images=known.images,
            **flat,
            mean_average_precisions=keeps,
            macro_f1s=f1s,
            num_resamples=num_resamples,
            seed=seed_of_set,
        )
    top1 = top1_predictions(known.scores, images=known.images, **flat)
    values.update(dict.fromkeys(("top1", *_by_group("top1_{}", groups)), math.nan))
    if top1 is not None:
        means = ClassMeans(_by_group("top1_{}", groups), size, name)
        columns = _resampled_top1(top1, means, num_resamples, seed_of_set)
        values.update({metric: column[0] for metric, column in columns.items()})
        resampled.update(columns if num_resamples else {})
    return RunScores(
        values={metric: None if math.isnan(value) else float(value) for metric, value in values.items()},
        classes=ClassResults(
            known.class_names, positives, half.positives, ap, half.f1, chosen.f1, thresholds.astype(float)
        ),
        resampled=resampled,
        test_set=test_set,
        num_images=len(np.unique(known.images)),
        groups_of_dataset=known.class_groups is not None,
    )


def _by_group(name: str, groups: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Name a metric of each group of classes."""
    return {name.format(group): keep for group, keep in groups.items()}


def _resampled_top1(
    top1: Top1Predictions, means: ClassMeans, num_resamples: int, seed: np.random.SeedSequence
) -> dict[str, np.ndarray]:
    """Return the accuracies of all images and of each group, on the test images and on their resamples."""
    num_images = len(top1.classes)
    drawn = image_resamples(num_images, num_resamples, seed) if num_resamples else [np.ones(num_images)]
    columns = [[top1.accuracy(times), *means(top1.class_recall(times))] for times in drawn]
    return dict(zip(["top1", *means.names], np.array(columns).T))


def _digest(known: KnownPredictions) -> str:
    digest = hashlib.sha256("\n".join(known.class_names).encode())
    for column in (known.images, known.classes, known.labels):
        digest.update(np.ascontiguousarray(column, dtype="<i8").tobytes())
    return digest.hexdigest()
