"""Reader of the label tables and image tables of Open Images, in blocks."""

from __future__ import annotations

import codecs
import io
import os
import sys
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any, BinaryIO, cast

import numpy as np
from rich.progress import open as open_with_progress

from ..annotations.content import csv_rows, open_text
from ..annotations.errors import LineErrors
from ..annotations.label_rows import handle_errors
from ..label_store.external_sort import GatheredLabels

_BLOCK = 2**24  # bytes per block
_NIBBLES = np.full(256, 255, dtype=np.uint8)
_NIBBLES[np.frombuffer(b"0123456789abcdef", dtype=np.uint8)] = np.arange(16)

# Ranks of label sources: of two labels, the one with the lower rank is used. IMAGE marks images, not labels.
HUMAN, IMPLIED, MACHINE, IMAGE = range(4)


class OpenImagesTables:
    """Reads tables of labels and images, and adds their labels to a collection.

    Args:
        described: Display names by label name.
        chosen: Label names of the classes, in their order.
        skip: Whether to leave out malformed rows.
        notes: Dictionary to which the numbers of labels left out are added.
        labels: Collection to which the labels are added, with the rank of their source.
    """

    def __init__(
        self,
        described: dict[str, str],
        chosen: list[str],
        skip: bool,
        notes: dict[str, int],
        labels: GatheredLabels,
    ) -> None:
        # Any, because pyarrow has no types.
        self.pyarrow: Any = import_pyarrow()
        self.described = self.pyarrow.array(list(described), self.pyarrow.string())
        position = {label: index for index, label in enumerate(chosen)}
        # The last element has the index -1, that of labels that are not described.
        self.class_index = np.array([*(position.get(label, -1) for label in described), -1], dtype=np.int32)
        self.skip, self.notes, self.labels = skip, notes, labels

    def read(self, path: str | os.PathLike[str], threshold: float | None) -> None:
        """Read human labels, or machine labels, which are positive from the confidence ``threshold`` on."""
        errors = LineErrors(str(path))
        names = ("ImageID", "LabelName", "Confidence")
        for start, columns, empty in read_image_labels(path, names, errors):
            images, valid = image_numbers(columns[0])
            errors.add_rows(start, ~valid & ~empty, columns[0], "ImageID", "16 hexadecimal digits")
            index = self._index_in(columns[1], self.described)
            errors.add_rows(start, valid & (index < 0), columns[1], "LabelName", "a described class")
            valid &= index >= 0
            if threshold is None:
                values = self._index_in(columns[2], self.pyarrow.array(["0", "1", "0.0", "1.0"]))
                wrong, values = values < 0, values % 2
                expected = "1 (present) or 0 (absent)"
            else:
                values = _numbers(columns[2])
                wrong, expected = ~((values >= 0) & (values <= 1)), "a number from 0 to 1"
            errors.add_rows(start, valid & wrong, columns[2], "Confidence", expected)
            valid &= ~wrong
            classes = self.class_index[index]
            self._count("labels of classes that were not chosen", valid & (classes < 0))
            valid &= classes >= 0
            rank = HUMAN
            if threshold is not None:
                self._count("machine labels below the threshold", valid & (values < threshold))
                valid &= values >= threshold
                values, rank = np.ones(len(values)), MACHINE
            self.labels.add(images[valid], classes[valid], values[valid], rank)
        handle_errors(errors, self.skip, self.notes)

    def read_image_ids(self, path: str | os.PathLike[str]) -> None:
        """Read a table of images, which are added with the rank IMAGE."""
        errors = LineErrors(str(path), "row")  # titles may have line breaks
        for start, columns, empty in read_image_labels(path, ("ImageID",), errors, quoted=True):
            images, valid = image_numbers(columns[0])
            errors.add_rows(start, ~valid & ~empty, columns[0], "ImageID", "16 hexadecimal digits")
            images = images[valid]
            self.labels.add(images, np.full(len(images), -1), np.full(len(images), -1), IMAGE)
        handle_errors(errors, self.skip, self.notes)

    def _index_in(self, column: Any, values: Any) -> np.ndarray:
        indices = self.pyarrow.compute.index_in(column, value_set=values).fill_null(-1).to_numpy()
        return cast(np.ndarray, indices)

    def _count(self, note: str, selected: np.ndarray) -> None:
        if selected.any():
            self.notes[note] = self.notes.get(note, 0) + int(selected.sum())


def read_image_labels(
    path: str | os.PathLike[str], columns: Sequence[str], errors: LineErrors, *, quoted: bool = False
) -> Iterator[tuple[int, list[Any], np.ndarray]]:
    """Read a CSV file in blocks, with bounded memory and, on a terminal, a progress bar.

    Args:
        path: The file; its first line names the columns.
        columns: The columns to read, all as text.
        errors: Collector to which lines with a wrong number of cells are added; they are left out.
        quoted: Whether cells can be quoted and then contain commas and line breaks, such as image titles. If
            not, an open quote does not affect other lines.

    Yields:
        Number of valid rows before the block, a pyarrow array of strings for each column, and whether each
        row is empty, bool of shape (R,).

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the header lacks a column, or the file is not in UTF-8.
    """
    pyarrow = import_pyarrow()
    path = os.fspath(path)
    if not os.path.isfile(path):
        raise FileNotFoundError(f"The label table must be an existing file. Got {path} instead.")
    with open_text(path) as file:
        header = next(csv_rows(file, path), (1, []))[1] if quoted else file.readline().strip().split(",")
    missing = [column for column in columns if column not in header]
    if missing:
        raise ValueError(
            f"The header of {path} must name the columns {', '.join(columns)}. Got {','.join(header)!r:.200} "
            "instead."
        )

    def note(row: Any) -> str:
        where = f"{errors.unit} {row.number}"
        errors.add(where, "row", f"{row.expected_columns} cells, as in the header", row.text)
        errors.lines.append(row.number)
        return "skip"

    with open_with_progress(
        path, "rb", description=os.path.basename(path), disable=not sys.stderr.isatty()
    ) as stream:
        checked, start = _CheckedText(stream), 0
        try:
            reader = pyarrow.csv.open_csv(
                checked,
                # Only with one thread does the handler of invalid rows get their line numbers.
                read_options=pyarrow.csv.ReadOptions(
                    use_threads=False, block_size=_BLOCK, column_names=header, skip_rows=1
                ),
                parse_options=pyarrow.csv.ParseOptions(
                    quote_char='"' if quoted else False,
                    newlines_in_values=quoted,
                    ignore_empty_lines=False,
                    invalid_row_handler=note,
                ),
                convert_options=pyarrow.csv.ConvertOptions(
                    column_types=dict.fromkeys(header, pyarrow.string()),
                    strings_can_be_null=False,
                ),
            )
            for batch in reader:
                yield start, [batch.columns[header.index(name)] for name in columns], _is_empty(batch)
                start += batch.num_rows
        except (pyarrow.ArrowInvalid, UnicodeDecodeError) as error:
            raise ValueError(
                f"The label table {path} must be CSV in UTF-8. Got an error after {start} valid rows "
                f"instead: {error}."
            ) from None


class _CheckedText(io.RawIOBase):
    """Stream of bytes that raises at the first one that is not UTF-8.

    pyarrow would print the traceback of such an error in the handler of invalid rows, and go on.

    Args:
        stream: The open file.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        content = self._stream.read(size)
        self._decoder.decode(content, final=not content)
        return content


def image_numbers(names: Any) -> tuple[np.ndarray, np.ndarray]:
    """Convert image identifiers of 16 hexadecimal digits to integers.

    Args:
        names: A pyarrow array of R strings.

    Returns:
        The integers, uint64 of shape (R,), and whether each name is such an identifier, bool of shape (R,).
    """
    pyarrow = import_pyarrow()
    is_id = pyarrow.compute.equal(pyarrow.compute.binary_length(names), 16).to_numpy(zero_copy_only=False)
    if not is_id.all():
        names = pyarrow.compute.if_else(pyarrow.array(is_id), names, "0" * 16)
    start = np.frombuffer(names.buffers()[1], dtype=np.int32)[names.offset]
    digits = np.frombuffer(names.buffers()[2], dtype=np.uint8)[start : start + 16 * len(names)]
    nibbles = _NIBBLES[digits].reshape(-1, 16)
    is_id = is_id & (nibbles != 255).all(axis=1)
    octets = (nibbles[:, 0::2] << 4) | (nibbles[:, 1::2] & 15)
    return np.ascontiguousarray(octets).view(">u8")[:, 0].astype(np.uint64), is_id


def import_pyarrow() -> ModuleType:
    """Import pyarrow with its CSV reader.

    Returns:
        The module.

    Raises:
        ImportError: If it is not installed. The message names the extra of this package that installs it.
    """
    try:
        import pyarrow
        import pyarrow.compute
        import pyarrow.csv
    except ImportError as error:
        raise ImportError(
            "Package pyarrow must be installed to read the label tables of Open Images. Got no pyarrow "
            "instead. Install it with: pip install '.[tables]' in the clone of mmpretrain_imbalance"
        ) from error
    return cast(ModuleType, pyarrow)


def _is_empty(batch: Any) -> np.ndarray:
    lengths = [import_pyarrow().compute.binary_length(column).to_numpy() for column in batch.columns]
    is_empty: np.ndarray = np.sum(lengths, axis=0) == 0
    return is_empty


def _numbers(column: Any) -> np.ndarray:
    try:
        return cast(np.ndarray, column.cast("float64").to_numpy(zero_copy_only=False))
    except ValueError:  # some cells are not numbers and become NaN
        return np.array([_number(cell) for cell in column.to_pylist()])


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
