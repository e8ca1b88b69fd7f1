"""Hooks that update losses and thresholds between epochs."""

from .averaged_predictions_hook import AveragedPredictionsHook
from .best_thresholds_hook import BestThresholdsHook
from .label_statistics_hook import LabelStatisticsHook

__all__ = ["AveragedPredictionsHook", "BestThresholdsHook", "LabelStatisticsHook"]
