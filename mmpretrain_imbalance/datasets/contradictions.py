"""What becomes of a class that one source calls present and another one absent in the same image."""

from __future__ import annotations

from collections.abc import Sequence

from .label_store import LabelStore
from .label_words import LABEL_WORDS


class Contradictions:
    """Decides and counts them; :meth:`settle` refuses them where that was asked for.

    Args:
        conflicts: ``'refuse'``, ``'positive'``, ``'negative'`` or ``'unknown'``.
        store: The labels before they are joined.
        sources: Name of the source of each row of the store.

    Example:
        >>> from mmpretrain_imbalance.datasets import label_store_from_table
        >>> store = label_store_from_table([[1], [0]], ['a.jpg', 'a.jpg'], ['cat'])
        >>> contradictions = Contradictions('unknown', store, ['pets', 'streets'])
        >>> contradictions(0, 0, 1), str(contradictions)
        (-1, ' 1 contradicting label is taken as unknown.')
    """

    def __init__(self, conflicts: str, store: LabelStore, sources: Sequence[str]) -> None:
        self.conflicts, self.store, self.sources = conflicts, store, sources
        self.count = 0
        self._first = ""

    def __call__(self, class_index: int, positive: int, negative: int) -> int:
        """Decide one.

        Args:
            class_index: The class.
            positive: Row that says it is there.
            negative: Row that says it is not.

        Returns:
            The label it gets.
        """
        if not self.count:
            self._first = (
                f"{self.store.class_names[class_index]!r} at {self.store.image_name(positive)}, positive in "
                f"source {self.sources[positive]!r} and negative in source {self.sources[negative]!r}"
            )
        self.count += 1
        return LABEL_WORDS.get(self.conflicts, LABEL_WORDS["unknown"])  # settle() refuses

    def settle(self) -> None:
        """End merging if there was one that is to be refused.

        Raises:
            ValueError: With the first one and the number of the others.
        """
        if self.count and self.conflicts == "refuse":
            raise ValueError(
                "The sources of MergedPartialLabels must not contradict each other about a shared image. Got "
                f"{self._first}, and {self.count - 1} more such labels instead. The 'conflicts' argument can "
                "take them as positive, negative or unknown."
            )

    def __str__(self) -> str:
        if not self.count:
            return ""
        labels = "contradicting label is" if self.count == 1 else "contradicting labels are"
        return f" {self.count} {labels} taken as {self.conflicts}."
