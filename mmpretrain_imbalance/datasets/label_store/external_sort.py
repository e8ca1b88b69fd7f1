"""External sort: labels in any order are grouped by image on disk, a small fraction of them in memory."""

from __future__ import annotations

import os
import tempfile
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from ...utils.unfinished import unfinished

_BITS = 7  # labels are spread over 2**7 files by image
_BUFFER = 2**21  # labels in memory before they are written
RECORD = np.dtype([("image", "<u8"), ("class", "<i4"), ("value", "i1"), ("rank", "i1")])
CONFLICTS = ("raise", "positive", "negative", "unknown")


class GatheredLabels:
    """Collects labels in any order and returns them in parts; all labels of an image are in one part.

    Image numbers should be spread over all 64 bits, as random identifiers are, because their highest bits
    select the temporary file of a label.

    Args:
        work_dir: Folder for temporary files, which take 14 bytes per label.

    Example:
        >>> labels = GatheredLabels()
        >>> labels.add(np.array([2**63, 5], dtype=np.uint64), classes=[0, 1], values=[1, 0])
        >>> [part['image'].tolist() for part in labels.parts()]
        [[5], [9223372036854775808]]
    """

    def __init__(self, work_dir: str | os.PathLike[str] | None = None) -> None:
        stack = ExitStack()
        target = Path(work_dir or tempfile.gettempdir(), "labels")
        self._folder = stack.enter_context(unfinished(target, is_folder=True))
        self._remove_folder = weakref.finalize(self, stack.close)
        self._waiting: list[np.ndarray] = []
        self._num_waiting = 0

    def __len__(self) -> int:
        files = self._folder.iterdir()
        return self._num_waiting + sum(file.stat().st_size for file in files) // RECORD.itemsize

    def add(
        self,
        images: np.ndarray,
        classes: np.ndarray | Sequence[int],
        values: np.ndarray | Sequence[int],
        rank: int = 0,
    ) -> None:
        """Add labels.

        Args:
            images: Image number of each label, uint64 of shape (E,).
            classes: Class of each label, of shape (E,).
            values: The labels, of shape (E,).
            rank: Source of the labels, returned with them.
        """
        records = np.empty(len(images), dtype=RECORD)
        records["image"], records["class"], records["value"], records["rank"] = images, classes, values, rank
        self._waiting.append(records)
        self._num_waiting += len(records)
        if self._num_waiting >= _BUFFER:
            self._flush()

    def parts(self) -> Iterator[np.ndarray]:
        """Iterate over the labels; they can be read only once.

        Yields:
            Records with the fields ``image``, ``class``, ``value`` and ``rank``, in the order in which they
            were added. The images of a part have lower numbers than those of the next part.
        """
        self._flush()
        for number in range(2**_BITS):
            path = self._path(number)
            if path.exists():
                records = np.fromfile(path, dtype=RECORD)
                path.unlink()
                yield records
        self._remove_folder()

    def _flush(self) -> None:
        if not self._num_waiting:
            return
        records = np.concatenate(self._waiting)
        self._waiting, self._num_waiting = [], 0
        numbers = (records["image"] >> np.uint64(64 - _BITS)).astype(np.uint8)
        records = records[np.argsort(numbers, kind="stable")]
        ends = np.cumsum(np.bincount(numbers, minlength=2**_BITS))
        for number, (start, end) in enumerate(zip(np.r_[0, ends[:-1]], ends)):
            if end > start:
                with self._path(number).open("ab") as file:
                    file.write(records[start:end].data)

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:03d}"


def resolve_labels(
    keys: np.ndarray,
    values: np.ndarray,
    ranks: np.ndarray,
    conflicts: str,
    notes: dict[str, int],
    describe: Callable[[int], str] = str,
) -> tuple[np.ndarray, np.ndarray]:
    """Keep one label per key.

    For each key only the labels of its lowest rank are used. If they contradict each other, ``conflicts``
    decides at rank 0, and the key is left out at all other ranks.

    Args:
        keys: Image and class of each label, encoded as one integer, of shape (E,).
        values: The labels, 1 or 0, of shape (E,).
        ranks: Source of each label, of shape (E,).
        conflicts: ``'raise'``, ``'positive'``, ``'negative'`` or ``'unknown'``.
        notes: Dictionary to which the numbers of contradictions are added.
        describe: Function that describes the image and class of a key in error messages.

    Returns:
        The keys that have a label, in ascending order, and their labels, two arrays of shape (F,).

    Raises:
        ValueError: If labels of rank 0 contradict each other and ``conflicts`` is ``'raise'``.

    Example:
        >>> resolve_labels(np.array([3, 3, 1]), np.array([0, 1, 0]), np.array([1, 0, 0]), 'raise', {})
        (array([1, 3]), array([0, 1]))
    """
    order = np.lexsort((ranks, keys))
    keys, values, ranks = keys[order], values[order], ranks[order]
    if not len(keys):
        return keys, values
    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
    sizes = np.diff(np.r_[starts, len(keys)])
    decides = ranks == np.repeat(ranks[starts], sizes)
    positive = np.add.reduceat((decides & (values == 1)).astype(np.int64), starts) > 0
    negative = np.add.reduceat((decides & (values == 0)).astype(np.int64), starts) > 0
    both = positive & negative
    direct = both & (ranks[starts] == 0)
    result = positive.astype(values.dtype)
    if direct.any():
        if conflicts == "raise":
            first, num_more = describe(int(keys[starts][direct][0])), int(direct.sum()) - 1
            more = f", and {num_more} more such contradictions," if num_more else ""
            raise ValueError(
                "The labels must not contradict each other. Got both a positive and a negative label of one "
                f"class at {first}{more} instead. Set 'conflicts' to 'positive', 'negative' or 'unknown' to "
                "accept them."
            )
        _count(notes, f"contradicting labels taken as {conflicts}", direct)
        result[direct] = conflicts == "positive"
    _count(notes, "contradicting implied labels left unknown", both & ~direct)
    kept = ~both | (direct & (conflicts != "unknown"))
    return keys[starts][kept], result[kept]


def _count(notes: dict[str, int], note: str, selected: np.ndarray) -> None:
    if selected.any():
        notes[note] = notes.get(note, 0) + int(selected.sum())
