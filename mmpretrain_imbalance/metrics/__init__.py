"""MMEngine metrics for partial labels."""

from .dump_predictions import DumpPredictions
from .gathered_elements import KnownElementBatch
from .known_elements_metric import KnownElementsMetric
from .known_predictions import KnownPredictions
from .partial_label_average_precision import PartialLabelAveragePrecision
from .partial_label_metric import PartialLabelMetric

__all__ = [
    "DumpPredictions",
    "KnownElementBatch",
    "KnownElementsMetric",
    "KnownPredictions",
    "PartialLabelAveragePrecision",
    "PartialLabelMetric",
]
