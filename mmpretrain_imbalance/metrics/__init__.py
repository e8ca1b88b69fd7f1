"""MMEngine metrics of partial labels; importing this registers them."""

from .dump_predictions import DumpPredictions
from .known_elements_metric import KnownEntriesMetric
from .known_predictions import KnownPredictions
from .partial_label_average_precision import PartialAveragePrecision
from .partial_label_metric import PartialMultiLabelMetric

__all__ = [
    "DumpPredictions",
    "KnownEntriesMetric",
    "KnownPredictions",
    "PartialAveragePrecision",
    "PartialMultiLabelMetric",
]
