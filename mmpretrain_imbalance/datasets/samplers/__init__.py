"""Samplers that select the images of an epoch by their labels, against class imbalance."""

from .base import DrawnSampler
from .class_aware import ClassAwareSampler
from .class_weighted import ClassWeightedSampler
from .repeat_factor import RepeatFactorSampler

__all__ = [
    "ClassAwareSampler",
    "ClassWeightedSampler",
    "DrawnSampler",
    "RepeatFactorSampler",
]
