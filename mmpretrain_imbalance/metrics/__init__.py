"""Metrics for partial labels: those of MMEngine, and those with the methods of torchmetrics."""

from .chosen_on import SAME_DATA, describe_data, read_chosen_on, same_data
from .dump_predictions import DumpPredictions
from .gathered_elements import KnownElementBatch
from .known_elements_metric import KnownElementsMetric
from .known_label_metrics import (
    KnownLabelAUROC,
    KnownLabelAveragePrecision,
    KnownLabelF1Score,
    KnownLabelMetric,
    KnownLabelPrecision,
    KnownLabelRankingMetric,
    KnownLabelRecall,
    KnownLabelThresholdMetric,
)
from .known_predictions import KnownPredictions
from .partial_label_average_precision import PartialLabelAveragePrecision
from .partial_label_metric import PartialLabelMetric

__all__ = [
    "SAME_DATA",
    "DumpPredictions",
    "KnownElementBatch",
    "KnownElementsMetric",
    "KnownLabelAUROC",
    "KnownLabelAveragePrecision",
    "KnownLabelF1Score",
    "KnownLabelMetric",
    "KnownLabelPrecision",
    "KnownLabelRankingMetric",
    "KnownLabelRecall",
    "KnownLabelThresholdMetric",
    "KnownPredictions",
    "PartialLabelAveragePrecision",
    "PartialLabelMetric",
    "describe_data",
    "read_chosen_on",
    "same_data",
]
