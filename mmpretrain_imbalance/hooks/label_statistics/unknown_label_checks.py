"""Checks that losses, batch augmentations and metrics of a run support the unknown labels of its data."""

from __future__ import annotations

from typing import Any

import numpy as np
from mmengine.runner import Runner
from mmengine.runner.base_loop import BaseLoop
from mmpretrain.evaluation import (
    Accuracy,
    AveragePrecision,
    ConfusionMatrix,
    MultiLabelMetric,
    SingleLabelMetric,
)
from mmpretrain.models.heads import MultiLabelClsHead

from ...datasets import DifficultAsUnknown, LabelCounts, class_names, label_chunks, label_counts
from ...datasets.wrapped import resolve_wrapped_indices
from ...models.unknown_label_support import unsupported_augmentation, unsupported_loss
from .setup_checks import unwrap_model

_REPLACEMENTS = {AveragePrecision: "PartialLabelAveragePrecision", MultiLabelMetric: "PartialLabelMetric"}


def check_training_of_unknown(
    runner: Runner, counts: LabelCounts | None = None, has_statistics_hook: bool = True
) -> None:
    """Raise if a loss or batch augmentation would use the unknown labels of the training set as numbers.

    Afterwards :class:`PartialLabelDataPreprocessor` does not check the batches.

    Args:
        runner: The runner, before training.
        counts: Label counts of the training set; ``None`` counts them, if the result matters.
        has_statistics_hook: Whether the run has a ``LabelStatisticsHook``, for the message.

    Raises:
        ValueError: If a component does not support unknown labels; the message names one that does.
    """
    model = unwrap_model(runner.model)
    preprocessor: Any = getattr(model, "data_preprocessor", None)
    if counts is None:
        counts = _known_counts(runner.train_dataloader.dataset)
    if counts is None:
        return
    unknown = int(counts.unknown.sum())
    if unknown:
        total = unknown + int(counts.positives.sum()) + int(counts.negatives.sum())
        reason = f"the training set has {unknown} unknown labels ({100 * unknown / total:.1f}% of all)"
        problem = unsupported_augmentation(
            getattr(getattr(preprocessor, "batch_augments", None), "augments", ()), reason
        )
        if getattr(preprocessor, "unknown_labels", "raise") != "allow":
            problem = unsupported_loss(model, reason, has_statistics_hook) or problem
        if problem is not None:
            raise ValueError(problem)
    if hasattr(preprocessor, "losses_are_checked"):
        preprocessor.losses_are_checked = True


def check_metrics(runner: Runner) -> None:
    """Raise if a metric of MMPretrain would evaluate the labels wrongly, without an error of its own.

    Args:
        runner: The runner, before training, validation or test.

    Raises:
        ValueError: If there is such a metric; the message names the one to use instead.
    """
    check_metrics_of_one_label(runner)
    check_metrics_of_unknown(runner)


def check_metrics_of_unknown(runner: Runner) -> None:
    """Raise if a metric of MMPretrain would count a class as 0 because its positives are not annotated.

    MMPretrain's multi-label metrics leave out unknown labels. But a class with unknown labels and no known
    positive enters their mean over classes with the value 0, and a class with only unknown labels ends
    ``AveragePrecision`` with an ``IndexError``.

    Args:
        runner: The runner, before training, validation or test.

    Raises:
        ValueError: If a metric would do so; the message names one that leaves out such classes.
    """
    for name in ("val", "test"):
        loop = getattr(runner, f"_{name}_loop")
        if not isinstance(loop, BaseLoop):
            continue
        found = [
            (metric, ours)
            for metric in loop.evaluator.metrics
            for theirs, ours in _REPLACEMENTS.items()
            if isinstance(metric, theirs) and metric.average != "micro"
        ]
        counts = _known_counts(loop.dataloader.dataset) if found else None
        if counts is None:
            continue
        without_positive = ((counts.positives == 0) & (counts.unknown > 0)).nonzero()[0]
        if not len(without_positive):
            continue
        names = class_names(loop.dataloader.dataset)
        first = without_positive[0] if names is None else repr(names[without_positive[0]])
        metric, ours = found[0]
        raise ValueError(
            f"The '{name}_evaluator' argument must have metrics that leave out classes without a known "
            f"positive, because {len(without_positive)} of {len(counts.positives)} classes of the "
            f"{name}_dataloader have unknown labels and no known positive, such as class {first}. Got "
            f"{type(metric).__name__} instead, in which such a class counts as 0 or raises an error. Use "
            f"dict(type='{ours}') instead of it."
        )


def check_metrics_of_one_label(runner: Runner) -> None:
    """Raise if a metric for one label per image would evaluate images with another number of positives.

    With a multi-label head, such a metric takes the indices of the known positives for the labels of the
    images: if there happen to be as many positives as images, it computes a wrong number without an error.

    Args:
        runner: The runner, before training, validation or test.

    Raises:
        ValueError: If there is such a metric; the message names one for several labels per image.
    """
    if not isinstance(getattr(unwrap_model(runner.model), "head", None), MultiLabelClsHead):
        return
    for name in ("val", "test"):
        loop = getattr(runner, f"_{name}_loop")
        for metric in loop.evaluator.metrics if isinstance(loop, BaseLoop) else ():
            if isinstance(metric, (Accuracy, ConfusionMatrix, SingleLabelMetric)) and not _has_one_label(
                loop.dataloader.dataset
            ):
                raise ValueError(
                    f"The '{name}_evaluator' argument must have metrics for several labels per image, "
                    f"because some images of the {name}_dataloader do not have exactly one positive. Got "
                    f"{type(metric).__name__} instead, which takes the positives of an image for its only "
                    "label. Use dict(type='PartialLabelMetric') instead of it."
                )


def _has_one_label(dataset: Any) -> bool:
    """Return whether every image has exactly one known positive; True if the labels cannot be read."""
    try:
        return all(
            (np.bincount(chunk.samples[chunk.values == 1], minlength=len(chunk.positions)) == 1).all()
            for chunk in label_chunks(dataset)
        )
    except (TypeError, ValueError):  # as in _known_counts
        return True


def _known_counts(dataset: Any) -> LabelCounts | None:
    """Return the label counts of a dataset, or ``None`` if it has no unknown labels or cannot be counted."""
    try:
        leaves = {id(part.leaf): part.leaf for part in resolve_wrapped_indices(dataset)}
        if any(_may_have_unknown(leaf) for leaf in leaves.values()):
            return label_counts(dataset)
    except (TypeError, ValueError):  # not a multi-label dataset, or wrong labels, which raise in training
        pass
    return None


def _may_have_unknown(dataset: Any) -> bool:
    """Return whether a dataset that is no wrapper may have unknown labels, from at most one sample.

    Counting all labels of a dataset of MMPretrain reads each of its samples, which would take seconds.
    """
    if hasattr(dataset, "label_counts"):
        return True
    steps = getattr(dataset.pipeline, "transforms", ())
    return any(isinstance(step, DifficultAsUnknown) for step in steps) or (
        len(dataset) > 0 and dataset.get_data_info(0).get("gt_score") is not None
    )
