"""MMEngine metrics for partial labels."""

from .chosen_on import SAME_DATA, describe_data, read_chosen_on, same_data
from .dump_predictions import DumpPredictions
from .gathered_elements import KnownElementBatch
from .known_elements_metric import KnownElementsMetric
from .known_predictions import KnownPredictions
from .partial_label_average_precision import PartialLabelAveragePrecision
from .partial_label_metric import PartialLabelMetric

__all__ = [
    "SAME_DATA",
    "DumpPredictions",
    "KnownElementBatch",
    "KnownElementsMetric",
    "KnownPredictions",
    "PartialLabelAveragePrecision",
    "PartialLabelMetric",
    "describe_data",
    "read_chosen_on",
    "same_data",
]
