"""Elements with the highest scores, selected while the elements arrive in batches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ..functional.suspect_scores import ranks_in_groups

_MIN_BUFFER = 2**16  # elements that are collected before the lowest are dropped


class TopElement(NamedTuple):
    """One selected element.

    Attributes:
        image: Index of the image.
        class_index: Index of the class.
        label: Its label, 1, 0 or -1.
        suggested: The suggested label, 1 or 0.
        probability: Its probability.
        score: Its score.
    """

    image: int
    class_index: int
    label: int
    suggested: int
    probability: float
    score: float


class TopElements:
    """The elements with the highest scores among positives, among negatives, and among unknown labels.

    Memory does not grow with the number of added elements.

    Args:
        top: Number of elements to select.
        per_class: Whether to select this number of elements of each class.

    Example:
        >>> elements = TopElements(3)
        >>> elements.add([0, 1, 2], [0, 0, 0], [1, 1, 1], [0, 0, 0], [0.1, 0.2, 0.3], [0.9, 0.8, 0.7])
        >>> elements.add([0, 1], [1, 1], [0, 0], [1, 1], [0.4, 0.6], [0.4, 0.6])
        >>> [(row.image, row.label) for row in elements.rows()]  # positives and negatives alternate
        [(0, 1), (1, 0), (1, 1)]
    """

    def __init__(self, top: int, per_class: bool = False) -> None:
        self.top, self.per_class = top, per_class
        self._parts: list[tuple[np.ndarray, ...]] = []
        self._size = 0
        self._limit = _MIN_BUFFER

    def add(
        self,
        images: np.ndarray,
        classes: np.ndarray,
        labels: np.ndarray,
        suggested: np.ndarray,
        probabilities: np.ndarray,
        scores: np.ndarray,
    ) -> None:
        """Add elements.

        Args:
            images: Image of each element, of shape (E,).
            classes: Class of each element, of shape (E,).
            labels: Label of each element, 1, 0 or -1, of shape (E,).
            suggested: Suggested label of each element, 1 or 0, of shape (E,).
            probabilities: Probability of each element, of shape (E,).
            scores: Score of each element, of shape (E,).
        """
        self._parts.append(
            tuple(map(np.asarray, (images, classes, labels, suggested, probabilities, scores)))
        )
        self._size += len(self._parts[-1][0])
        if self._size > self._limit:
            self._shrink()
            self._limit = max(_MIN_BUFFER, 2 * self._size)

    def rows(self) -> Iterator[TopElement]:
        """Return the selected elements.

        Yields:
            The first of each label (and class), then the second of each, and so on; among these the highest
            score first.
        """
        self._shrink()
        if not self._parts:
            return
        columns = self._parts[0]
        ranks = ranks_in_groups(columns[-1], self._groups(columns))
        order = np.lexsort((-columns[-1], ranks))
        kept = ranks_in_groups(-np.arange(len(order)), self._units(columns)[order]) < self.top
        for index in order[kept].tolist():
            yield TopElement(*(column[index].item() for column in columns))

    def _units(self, columns: tuple[np.ndarray, ...]) -> np.ndarray:
        return columns[1] if self.per_class else np.zeros(len(columns[1]), dtype=np.int64)

    def _groups(self, columns: tuple[np.ndarray, ...]) -> np.ndarray:
        return 3 * self._units(columns).astype(np.int64) + columns[2]

    def _shrink(self) -> None:
        if self._parts:
            columns = tuple(np.concatenate(column) for column in zip(*self._parts))
            kept = ranks_in_groups(columns[-1], self._groups(columns)) < self.top
            self._parts = [tuple(column[kept] for column in columns)]
            self._size = len(self._parts[0][0])
