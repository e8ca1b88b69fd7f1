"""MMEngine metrics for partial labels."""

from .dump_predictions import DumpPredictions
from .known_elements_metric import KnownElementsMetric
from .known_predictions import KnownPredictions
from .partial_label_average_precision import PartialLabelAveragePrecision
from .partial_label_metric import PartialLabelMetric

__all__ = [
    "DumpPredictions",
    "KnownElementsMetric",
    "KnownPredictions",
    "PartialLabelAveragePrecision",
    "PartialLabelMetric",
]
