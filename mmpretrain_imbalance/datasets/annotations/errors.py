"""Collection of the errors of an annotation file into one message, and reading of its bytes."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from mmengine import fileio

from ...utils.found_values import shown
from ...utils.printable import printable


class AnnotationErrors:
    """Collects the errors of a file while it is read; the message describes the first and counts the others.

    Args:
        path: The annotation file.

    Example:
        >>> errors = AnnotationErrors('train.json')
        >>> errors.add('sample 3', 'gt_label', 'class indices from 0 to 9', 12)
        >>> errors.add('sample 8', 'gt_label', 'class indices from 0 to 9', 10)
        >>> len(errors)
        2
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._first: tuple[str, ...] | None = None
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, where: str, field: str, expected: str, found: Any, *, in_words: bool = False) -> None:
        """Add an error.

        Args:
            where: The sample or line.
            field: The field or column.
            expected: Description of the expected value, as it continues "must be ...".
            found: The value that was found.
            in_words: Whether ``found`` is a description such as "no file" and not a value of the file.
        """
        if self._first is None:
            texts = (where, field, expected, str(found) if in_words else shown(found))
            self._first = tuple(text if len(text) <= 300 else f"{text[:300]} ..." for text in texts)
        self._count += 1

    def raise_if_any(self) -> None:
        """Raise if there are errors.

        Raises:
            ValueError: With the first error and the number of the others.
        """
        if self._first is None:
            return
        where, field, expected, text = self._first
        more = {1: "", 2: " 1 more error follows."}.get(
            self._count, f" {self._count - 1} more errors follow."
        )
        message = f"The '{field}' of {where} in {self.path} must be {expected}. Got {text} instead.{more}"
        raise ValueError(printable(message))


class LineErrors(AnnotationErrors):
    """Errors of a table that is read in blocks, with line numbers that also count the lines left out.

    Args:
        path: The table.
        unit: The unit that is counted from 1, the header: ``'line'``, or ``'row'`` if a row can span several
            lines.

    Attributes:
        lines: Numbers of the lines left out so far, in ascending order.
    """

    def __init__(self, path: str, unit: str = "line") -> None:
        super().__init__(path)
        self.unit = unit
        self.lines: list[int] = []

    def add_rows(self, start: int, wrong: np.ndarray, column: Any, field: str, expected: str) -> None:
        """Add an error for each wrong row of a block.

        Args:
            start: Number of rows that were read before the block.
            wrong: Whether each row is wrong, bool of shape (R,).
            column: The cells of the block.
            field: Name of the column.
            expected: Description of the expected value, as it continues "must be ...".
        """
        for row in np.flatnonzero(wrong).tolist():
            # Only the first error is described, so only its line is computed.
            where = "" if len(self) else f"{self.unit} {self._line(start + row)}"
            self.add(where, field, expected, column[row].as_py())

    def _line(self, row: int) -> int:
        line = row + 2  # the header is line 1
        for left_out in self.lines:
            line += left_out <= line
        return line


def read_annotation_bytes(path: str) -> bytes:
    """Read an annotation file through any storage backend of MMEngine.

    Args:
        path: A path or URL.

    Returns:
        The content.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is empty or cannot be read.
    """
    try:
        content = fileio.get(path)
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"The 'ann_file' argument must be an existing annotation file. Got {path} instead. "
            "(Is 'data_root' right?)"
        ) from error
    except OSError as error:  # such as a folder, or a file without permission
        raise ValueError(
            f"The annotation file {path} must be readable. Got an error instead: {error.strerror or error}."
        ) from error
    if not content.strip():
        raise ValueError(f"The annotation file {path} must have samples. Got an empty file instead.")
    return cast(bytes, content)
