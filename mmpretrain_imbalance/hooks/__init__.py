"""Hooks that update losses and thresholds between epochs, or seed them."""

from .averaged_predictions_hook import AveragedPredictionsHook
from .best_thresholds_hook import BestThresholdsHook
from .epoch_seed_hook import EpochSeedHook
from .label_statistics_hook import LabelStatisticsHook
from .refit_head_hook import RefitHeadHook
from .soft_labels_hook import SoftLabelsHook

__all__ = [
    "AveragedPredictionsHook",
    "BestThresholdsHook",
    "EpochSeedHook",
    "LabelStatisticsHook",
    "RefitHeadHook",
    "SoftLabelsHook",
]
