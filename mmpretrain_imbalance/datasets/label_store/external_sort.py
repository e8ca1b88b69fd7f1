"""Labels in any order, brought together image by image on disk, with memory for a small share of them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

_BITS = 7  # the labels of an image wait in one of 2**7 files
_BUFFER = 2**21  # labels that are held before they are written
RECORD = np.dtype([("image", "<u8"), ("class", "<i4"), ("value", "i1"), ("rank", "i1")])


class GatheredLabels:
    """Takes labels in any order and gives them back in parts, each image in one of them.

    Image numbers should spread over all 64 bits, as random identifiers do: their highest bits choose the
    file in which a label waits.

    Args:
        work_dir: Where temporary files lie, 14 bytes a label.

    Example:
        >>> labels = GatheredLabels()
        >>> labels.add(np.array([2**63, 5], dtype=np.uint64), classes=[0, 1], values=[1, 0])
        >>> [part['image'].tolist() for part in labels.parts()]
        [[5], [9223372036854775808]]
    """

    def __init__(self, work_dir: str | os.PathLike | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="labels.", dir=work_dir)
        self._waiting: list[np.ndarray] = []
        self._num_waiting = 0

    def __len__(self) -> int:
        files = Path(self._folder.name).iterdir()
        return self._num_waiting + sum(file.stat().st_size for file in files) // RECORD.itemsize

    def add(self, images: np.ndarray, classes: np.ndarray, values: np.ndarray, rank: int = 0) -> None:
        """Take labels.

        Args:
            images: Number of each label's image, uint64 of shape (E,).
            classes: Class of each label, of shape (E,).
            values: The labels, of shape (E,).
            rank: What kind of labels they are; it comes back with them.
        """
        records = np.empty(len(images), dtype=RECORD)
        records["image"], records["class"], records["value"], records["rank"] = images, classes, values, rank
        self._waiting.append(records)
        self._num_waiting += len(records)
        if self._num_waiting >= _BUFFER:
            self._flush()

    def parts(self) -> Iterator[np.ndarray]:
        """Give the labels back, once.

        Yields:
            Records with the fields ``image``, ``class``, ``value`` and ``rank``, in the order in which they
            came. The images of a part have lower numbers than those of the next.
        """
        self._flush()
        for number in range(2**_BITS):
            path = self._path(number)
            if path.exists():
                records = np.fromfile(path, dtype=RECORD)
                path.unlink()
                yield records
        self._folder.cleanup()

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
        return Path(self._folder.name) / f"{number:03d}"


CONFLICTS = ("refuse", "positive", "negative", "unknown")


def resolve_labels(
    keys: np.ndarray,
    values: np.ndarray,
    ranks: np.ndarray,
    conflicts: str,
    notes: dict[str, int],
    describe: Callable[[int], str] = str,
) -> tuple[np.ndarray, np.ndarray]:
    """Keep one label for each key.

    The labels of lowest rank decide. Where those of rank 0 contradict each other, ``conflicts`` decides;
    where those of another rank do, the key is left out.

    Args:
        keys: Image and class of each label as one number, of shape (E,).
        values: 1 or 0, of shape (E,).
        ranks: Where the label comes from, of shape (E,).
        conflicts: ``'refuse'``, ``'positive'``, ``'negative'`` or ``'unknown'``.
        notes: Where contradictions are counted.
        describe: Names the image of a key.

    Returns:
        The keys that have a label, in rising order, and their values, two arrays of shape (F,).

    Raises:
        ValueError: If labels of rank 0 contradict each other and that is to be refused.

    Example:
        >>> resolve_labels(np.array([3, 3, 1]), np.array([0, 1, 0]), np.array([1, 0, 0]), 'refuse', {})
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
        if conflicts == "refuse":
            first = describe(int(keys[starts][direct][0]))
            raise ValueError(
                f"The labels must not contradict each other. Got both a positive and a negative label of one "
                f"class at {first}, and {int(direct.sum()) - 1} more such here, instead. The 'conflicts' "
                "argument can take them as positive, negative or unknown."
            )
        _count(notes, f"contradicting labels taken as {conflicts}", direct)
        result[direct] = conflicts == "positive"
    _count(notes, "contradicting implied labels left unknown", both & ~direct)
    kept = ~both | (direct & (conflicts != "unknown"))
    return keys[starts][kept], result[kept]


def _count(notes: dict[str, int], note: str, which: np.ndarray) -> None:
    if which.any():
        notes[note] = notes.get(note, 0) + int(which.sum())
