"""Encoding and delimiter of text tables."""

from __future__ import annotations

import codecs
import csv
from collections import Counter

_BLOCK = 2**20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8 with byte-order mark"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16 LE"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16 BE"),
)
#: Delimiters that are recognized, the likeliest first, and their names.
DELIMITERS = {",": "','", ";": "';'", "\t": "tab", "|": "'|'"}


def recognize_encoding(path: str, given: str | None = None) -> tuple[str, str]:
    """Return the encoding of a text file, after all of its bytes were decoded.

    Args:
        path: The file.
        given: The encoding that was given, if any.

    Returns:
        The encoding as Python names it, and its name for messages.

    Raises:
        ValueError: If the file is not text in the given encoding, or not text at all.
    """
    if given is not None:
        try:
            codec = codecs.lookup(given).name
        except LookupError:
            raise ValueError(
                "The 'encoding' argument of read_label_table must be an encoding of Python, such as utf-8, "
                f"cp1252 or utf-16. Got {given!r} instead."
            ) from None
        codec = "utf-8-sig" if codec == "utf-8" else codec
        wrong = _first_error(path, codec)
        if wrong:
            raise ValueError(
                f"The table {path} must be text in {given}. Got {wrong} instead. Leave out --encoding, or "
                "name another."
            )
        return codec, given
    with open(path, "rb") as file:
        start = file.read(4096)
    for mark, codec, name in _MARKS:
        if start.startswith(mark):
            return codec, _complete(path, codec, name)
    for codec, name, zeros in (("utf-16-le", "UTF-16 LE", 1), ("utf-16-be", "UTF-16 BE", 0)):
        if len(start) > 3 and start[zeros::2].count(0) > 0.3 * len(start) / 2 > start[1 - zeros :: 2].count(
            0
        ):
            return codec, _complete(path, codec, name)
    _reject_binary(path)
    if _first_error(path, "utf-8") is None:
        return "utf-8", "UTF-8"
    if _first_error(path, "cp1252") is None:
        return "cp1252", "Windows-1252 (Latin-1)"
    return "latin-1", "Latin-1"


def recognize_delimiter(text: str) -> str | None:
    r"""Return the delimiter of a text table, or ``None`` if it has one column.

    Args:
        text: The first lines.

    Example:
        >>> recognize_delimiter('image;cat;dog\na.jpg;1,0;0,0\n')
        ';'
    """
    best, best_score = None, (0.0, 0)
    for delimiter in DELIMITERS:
        try:
            rows = [row for row in csv.reader(text.splitlines(True), delimiter=delimiter) if any(row)]
        except csv.Error:
            continue
        widths = Counter(map(len, rows))
        if not widths:
            continue
        width, count = widths.most_common(1)[0]
        score = (round(count / len(rows), 1), width)
        if width > 1 and score > best_score:
            best, best_score = delimiter, score
    return best


def _complete(path: str, codec: str, name: str) -> str:
    wrong = _first_error(path, codec)
    if wrong:
        raise ValueError(
            f"The table {path} must be text in {name}, as its first bytes say. Got {wrong} instead: it is "
            "damaged or truncated. Copy it again, or name its encoding with --encoding."
        )
    return name


def _first_error(path: str, codec: str) -> str | None:
    """Describe the first bytes that are not text in the encoding."""
    decoder, lines = codecs.getincrementaldecoder(codec)(), 0
    with open(path, "rb") as file:
        while True:
            block = file.read(_BLOCK)
            try:
                lines += decoder.decode(block, final=not block).count("\n")
            except (UnicodeError, ValueError) as error:
                reason = error.reason if isinstance(error, UnicodeDecodeError) else str(error)
                return f"other bytes after line {lines + 1} ({reason})"
            if not block:
                return None


def _reject_binary(path: str) -> None:
    control = bytes(set(range(32)) - {9, 10, 12, 13, 27}) + b"\x7f"
    size = num_control = num_zero = 0
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            size += len(block)
            num_control += len(block) - len(block.translate(None, control))
            num_zero += block.count(0)
    if num_zero or num_control > 0.01 * size:
        found = f"{num_zero} NUL bytes" if num_zero else f"{num_control} control characters"
        raise ValueError(
            f"The table {path} must be text, or a file that spreadsheet programs write. Got binary data with "
            f"{found} instead: it is damaged, or of another format. Save the table as .csv or .xlsx."
        )
