"""Numbers of positive, negative and unknown labels per class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class LabelCounts:
    """Number of labels of each kind per class, counted over a dataset.

    Attributes:
        positives: Number of images in which the class is known to be present, int64 of shape (C,).
        negatives: Number of images in which the class is known to be absent, int64 of shape (C,).
        unknown: Number of images in which the label of the class is unknown, int64 of shape (C,).

    Example:
        >>> counts = LabelCounts(np.array([1, 0]), np.array([2, 1]), np.array([0, 2]))
        >>> (counts * 3 + counts).positives
        array([4, 0])
    """

    positives: np.ndarray
    negatives: np.ndarray
    unknown: np.ndarray

    def __post_init__(self) -> None:
        for name in ("positives", "negatives", "unknown"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=np.int64))

    def __add__(self, other: LabelCounts) -> LabelCounts:
        if len(self.positives) != len(other.positives):
            raise ValueError(
                "The datasets of label_counts must have the same class list. "
                f"Got datasets with {len(self.positives)} and {len(other.positives)} classes instead."
            )
        return LabelCounts(
            self.positives + other.positives, self.negatives + other.negatives, self.unknown + other.unknown
        )

    def __mul__(self, times: int) -> LabelCounts:
        return LabelCounts(self.positives * times, self.negatives * times, self.unknown * times)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, LabelCounts):
            return NotImplemented
        return all(
            np.array_equal(getattr(self, name), getattr(other, name))
            for name in ("positives", "negatives", "unknown")
        )
