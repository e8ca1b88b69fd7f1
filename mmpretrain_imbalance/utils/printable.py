"""Text of strangers, such as class names, without the control sequences of terminals."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

# All control characters except the tabulator and the end of a line, and surrogates, halves of characters that
# JSON can contain and UTF-8 cannot.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def printable(text: str) -> str:
    r"""Replace control characters and halves of characters by their escape sequences in Python.

    A terminal carries out what follows an escape character: it deletes lines, changes its title, or hides
    text. Halves of characters cannot be printed.

    Args:
        text: Text that may contain the names of classes and files of others.

    Returns:
        The text, with tabulators and ends of lines as they are.

    Example:
        >>> print(printable("cat\x1b[2J"))
        cat\x1b[2J
    """
    return _CONTROL.sub(lambda found: repr(found[0])[1:-1], text)


class PrintableConsole(Console):
    r"""Console of rich that prints all text, also the cells of tables, without control characters.

    Example:
        >>> PrintableConsole(markup=False).print("cat\x1b[2J")
        cat\x1b[2J
    """

    def render_str(self, text: str, **options: Any) -> Text:
        """Return a text as rich shows it; the width of a cell is that of the result."""
        return super().render_str(printable(text), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """Yield the segments of any object; those that control the terminal are of rich itself."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(printable(segment.text), segment.style)
