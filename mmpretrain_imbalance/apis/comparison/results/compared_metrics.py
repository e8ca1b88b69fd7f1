"""Metrics of a comparison of methods, in the order of the columns of its tables."""

from __future__ import annotations

from typing import NamedTuple


class ComparedMetric(NamedTuple):
    """Metric of the tables.

    Attributes:
        name: Name in files.
        heading: Heading in tables.
        lower_is_better: Whether the lowest value is the best.
        in_tables: Whether the tables for readers show it; files for programs have all metrics.
    """

    name: str
    heading: str
    lower_is_better: bool = False
    in_tables: bool = True


COMPARED_METRICS = (
    ComparedMetric("mAP", "mAP"),
    ComparedMetric("mAP_head", "head"),
    ComparedMetric("mAP_middle", "middle"),
    ComparedMetric("mAP_tail", "tail"),
    ComparedMetric("mAP_rarest", "rarest"),
    ComparedMetric("macro_f1", "F1 at 0.5"),
    ComparedMetric("macro_f1_chosen", "F1 chosen"),
    ComparedMetric("top1", "top-1"),
    ComparedMetric("top1_head", "top-1 head"),
    ComparedMetric("top1_middle", "top-1 middle"),
    ComparedMetric("top1_tail", "top-1 tail"),
    ComparedMetric("f1_rarest", "F1 rarest", in_tables=False),
    ComparedMetric("f1_head", "F1 head", in_tables=False),
    ComparedMetric("f1_middle", "F1 middle", in_tables=False),
    ComparedMetric("f1_tail", "F1 tail", in_tables=False),
    ComparedMetric("f1_head_chosen", "F1 head chosen", in_tables=False),
    ComparedMetric("f1_middle_chosen", "F1 middle chosen", in_tables=False),
    ComparedMetric("f1_tail_chosen", "F1 tail chosen", in_tables=False),
    ComparedMetric("recall_head", "recall head", in_tables=False),
    ComparedMetric("recall_middle", "recall middle", in_tables=False),
    ComparedMetric("recall_tail", "recall tail", in_tables=False),
    ComparedMetric("CF1", "CF1", in_tables=False),
    ComparedMetric("AUROC", "AUROC"),
    ComparedMetric("calibration_error", "ECE", lower_is_better=True),
)
#: The metric that orders the methods of a table.
MAIN_METRIC = COMPARED_METRICS[0]


def compared_metric(name: str, caller: str) -> ComparedMetric:
    """Return a metric by its name.

    Args:
        name: Name in files.
        caller: Name of the function whose argument this is, for the message.

    Returns:
        The metric.

    Raises:
        ValueError: If there is no such metric.

    Example:
        >>> compared_metric("mAP_tail", "rank_comparisons").heading
        'tail'
    """
    for metric in COMPARED_METRICS:
        if metric.name == name:
            return metric
    names = ", ".join(repr(metric.name) for metric in COMPARED_METRICS)
    raise ValueError(f"The 'metric' argument of {caller} must be one of {names}. Got {name!r} instead.")
