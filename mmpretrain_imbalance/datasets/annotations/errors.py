"""One clear error for everything that is wrong in an annotation file."""

from __future__ import annotations

from typing import Any

import numpy as np
from mmengine import fileio


class AnnotationErrors:
    """Collects the faults of a file while it is read; the first is told in full, the others are counted.

    Args:
        path: The annotation file.

    Example:
        >>> faults = AnnotationErrors('train.json')
        >>> faults.add('sample 3', 'gt_label', 'class indices from 0 to 9', 12)
        >>> faults.add('sample 8', 'gt_label', 'class indices from 0 to 9', 10)
        >>> len(faults)
        2
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._first: tuple[str, str, str, str] | None = None
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, where: str, field: str, expected: str, found: Any, *, in_words: bool = False) -> None:
        """Note a fault.

        Args:
            where: The sample or line.
            field: The field or column.
            expected: What should have been there.
            found: What was there.
            in_words: Whether ``found`` is not what was there, but says so in words, such as no file.
        """
        if self._first is None:
            self._first = (where, field, expected, str(found) if in_words else repr(found))
        self._count += 1

    def raise_if_any(self) -> None:
        """End reading if there was a fault.

        Raises:
            ValueError: With the first fault and the number of the others.
        """
        if self._first is None:
            return
        where, field, expected, text = self._first
        text = text if len(text) <= 200 else f"{text[:200]} ..."
        more = {1: "", 2: " 1 more fault follows."}.get(
            self._count, f" {self._count - 1} more faults follow."
        )
        raise ValueError(
            f"The '{field}' of {where} in {self.path} must be {expected}. Got {text} instead.{more}"
        )


def read_annotation_bytes(path: str) -> bytes:
    """Read an annotation file from any place that MMEngine can read.

    Args:
        path: A path or URL.

    Returns:
        The content.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is empty.
    """
    try:
        content = fileio.get(path)
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"The 'ann_file' argument must be an annotation file. Got {path}, where there is none, instead. "
            "(Is 'data_root' right?)"
        ) from error
    if not content.strip():
        raise ValueError(f"The annotation file {path} must have samples. Got an empty file instead.")
    return content


class LineErrors(AnnotationErrors):
    """Faults of a table that is read in blocks: it knows the line of a row although bad lines were left out.

    Args:
        path: The table.
        unit: What is counted from 1, the header: lines, or rows where a row may go over several lines.

    Attributes:
        lines: Lines that were left out so far, in rising order.
    """

    def __init__(self, path: str, unit: str = "line") -> None:
        super().__init__(path)
        self.unit = unit
        self.lines: list[int] = []

    def add_rows(self, start: int, wrong: np.ndarray, column: Any, field: str, expected: str) -> None:
        """Note rows of a block.

        Args:
            start: Number of sound rows before the block.
            wrong: Which rows are wrong, bool of shape (R,).
            column: The cells of the block.
            field: Name of the column.
            expected: What should have been there.
        """
        for row in np.flatnonzero(wrong).tolist():
            where = (
                f"{self.unit} {self._line(start + row)}" if not len(self) else ""
            )  # only the first is told
            self.add(where, field, expected, column[row].as_py())

    def _line(self, row: int) -> int:
        line = row + 2  # the header is line 1
        for left_out in self.lines:
            line += left_out <= line
        return line
