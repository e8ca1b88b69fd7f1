"""Hooks that update losses and thresholds between epochs, seed epochs, or stop a run after a signal."""

from .averaged_predictions_hook import AveragedPredictionsHook
from .best_thresholds_hook import BestThresholdsHook
from .epoch_seed_hook import EpochSeedHook
from .label_statistics_hook import LabelStatisticsHook
from .refit_head_hook import RefitHeadHook
from .soft_labels_hook import SoftLabelsHook
from .stop_on_signal_hook import StopOnSignalHook

__all__ = [
    "AveragedPredictionsHook",
    "BestThresholdsHook",
    "EpochSeedHook",
    "LabelStatisticsHook",
    "RefitHeadHook",
    "SoftLabelsHook",
    "StopOnSignalHook",
]
