"""Samplers that draw images by the labels of their classes."""

from .class_aware import ClassAwareSampler
from .class_weighted import ClassWeightedSampler
from .repeat_factor import RepeatFactorSampler

__all__ = ["ClassAwareSampler", "ClassWeightedSampler", "RepeatFactorSampler"]
