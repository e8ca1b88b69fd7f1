"""Tables of a comparison as Markdown, as LaTeX and for the console."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ....utils.printable import PrintableConsole
from .method_differences import BETTER, WORSE
from .result_tables import ResultTable, TableCell

_ARROWS = {BETTER: "↑", WORSE: "↓", "": ""}
_STAR = "*"
_LONGEST_LINE = 1000
_LATEX_CHARACTERS = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "±": r"$\pm$",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    **{character: f"\\{character}" for character in "&%$#_{}"},
}
_MARKDOWN_CHARACTERS = re.compile(r"[\\`*\[\]<>|]|_(?![^\W_])")


def escape_latex(text: str) -> str:
    r"""Escape the characters that have a meaning in LaTeX.

    Args:
        text: Any text.

    Returns:
        The text for LaTeX, on one line.

    Example:
        >>> print(escape_latex("50 % of a_b"))
        50 \% of a\_b
    """
    return "".join(_LATEX_CHARACTERS.get(character, character) for character in " ".join(text.split()))


def escape_markdown(text: str) -> str:
    r"""Escape the characters that have a meaning in Markdown.

    Args:
        text: Any text.

    Returns:
        The text for Markdown, on one line. An underscore before a letter stays, because only one after a
        word could end emphasis.

    Example:
        >>> print(escape_markdown("a_b | *c*"))
        a_b \| \*c\*
    """
    return _MARKDOWN_CHARACTERS.sub(lambda match: f"\\{match[0]}", " ".join(text.split()))


def markdown_text(tables: Sequence[ResultTable]) -> str:
    """Format tables as Markdown.

    Args:
        tables: The tables.

    Returns:
        The text, with a heading for each table.
    """
    parts = []
    for table in tables:
        parts.append(f"## {escape_markdown(table.title)}\n")
        if table.caption:
            parts.append(f"{escape_markdown(' '.join(table.caption))}\n")
        if table.rows:
            lines = [_markdown_row(map(escape_markdown, table.headings))]
            lines.append(_markdown_row(["---", *["---:"] * (len(table.headings) - 1)]))
            lines += [_markdown_row(map(_markdown_cell, row)) for row in table.rows]
            parts.append("\n".join(lines) + "\n")
        if table.notes:
            parts.append(f"{escape_markdown(' '.join(table.notes))}\n")
        if table.missing:
            parts.append("\n".join(f"- {escape_markdown(line)}" for line in table.missing) + "\n")
    return "\n".join(parts)


def latex_text(tables: Sequence[ResultTable]) -> str:
    r"""Format tables as LaTeX tables with a caption and a label.

    Args:
        tables: The tables. Those without rows are left out.

    Returns:
        The text, which needs ``\usepackage{booktabs}``.
    """
    parts = ["% Needs \\usepackage{booktabs}. results_standalone.tex is a document with these tables.\n"]
    labels: set[str] = set()
    for table in tables:
        if not table.rows:
            continue
        label = base = re.sub(r"[^a-z0-9]+", "-", table.title.lower()).strip("-")
        while label in labels:
            label = f"{base}-{len(labels)}"
        labels.add(label)
        caption = " ".join([f"{table.title}.", *table.caption])
        marked = [any(cell.mark for cell in column) for column in zip(*table.rows)]
        rows = [[_latex_cell(cell, space) for cell, space in zip(row, marked)] for row in table.rows]
        lines = [
            r"\begin{table}[tbp]",
            r"  \centering",
            f"  \\caption{{{escape_latex(caption)}}}",
            f"  \\label{{tab:{label}}}",
            r"  \scriptsize",
            r"  \setlength{\tabcolsep}{3pt}",
            f"  \\begin{{tabular}}{{{'l' + _alignment(table) * (len(table.headings) - 1)}}}",
            r"    \toprule",
            f"    {' & '.join(map(escape_latex, table.headings))} \\\\",
            r"    \midrule",
            *(f"    {' & '.join(row)} \\\\" for row in rows),
            r"    \bottomrule",
            r"  \end{tabular}",
        ]
        # The reasons may have characters that LaTeX cannot print; results.md has them.
        sentences = [*table.notes, *(f"{line.partition(' (')[0].rstrip('.')}." for line in table.missing)]
        if sentences:
            lines += [r"  \par\smallskip", r"  \begin{minipage}{\linewidth}", r"    \scriptsize\raggedright"]
            lines += [f"    {escape_latex(' '.join(sentences))}", r"  \end{minipage}"]
        parts.append("\n".join([*lines, r"\end{table}", ""]))
    return "\n".join(parts)


#: Document that compiles the tables of ``results.tex`` in the same folder.
STANDALONE_DOCUMENT = r"""\documentclass{article}
\usepackage[T1]{fontenc}
\usepackage[a4paper, landscape, margin=1.5cm]{geometry}
\usepackage{booktabs}
\extrafloats{200}
\begin{document}
\input{results.tex}
\end{document}
"""


def print_tables(tables: Sequence[ResultTable], console: Console | None = None) -> None:
    """Print tables to the console, without the last columns of numbers if a terminal is too narrow for them.

    Args:
        tables: The tables.
        console: The console; by default that of the standard output.
    """
    console = console or PrintableConsole()
    for table in tables:
        console.print(Text(f"\n{table.title}", style="bold"))
        if table.caption:
            console.print(Text(" ".join(table.caption)))
        if table.rows:
            _print_rows(table, console)
        for sentence in (*table.notes, *table.missing):
            # A file or a terminal without colors does not show bold.
            console.print(Text(sentence.replace("Bold:", f"{_STAR} and bold:", 1)))


def _print_rows(table: ResultTable, console: Console) -> None:
    if _alignment(table) != "r":
        console.print(_console_table(table, len(table.headings)))
        return
    # Outside of a terminal, long lines are better than columns that are left out.
    limit = console.width if console.is_terminal else _LONGEST_LINE
    longest_word = max(len(word) for row in table.rows for word in row[0].text.split())
    size, name_width = len(table.headings), None
    while (width := _width(printed := _console_table(table, size, name_width), console)) > limit and size > 2:
        size, name_width = size - 1, longest_word
    printed.width = width
    console.print(printed, crop=False)
    if size < len(table.headings):
        left_out = ", ".join(table.headings[size:])
        console.print(Text(f"Too wide for this terminal: {left_out}. These columns are in results.md."))


def _width(table: Table, console: Console) -> int:
    """Return the width of a table with whole names and numbers."""
    return console.measure(table, options=console.options.update(width=_LONGEST_LINE)).maximum


def _console_table(table: ResultTable, size: int, name_width: int | None = None) -> Table:
    """Return a table with the first columns, whose names have lines of a width."""
    printed = Table()
    for index, heading in enumerate(table.headings[:size]):
        is_number = index > 0 and _alignment(table) == "r"
        justify: Literal["left", "right"] = "right" if is_number else "left"
        printed.add_column(
            Text(heading),
            justify=justify,
            no_wrap=is_number,
            overflow="fold",
            max_width=None if index else name_width,
        )
    for row in table.rows:
        cells = (Text(_plain(cell), style="bold" if cell.is_best else "") for cell in row[:size])
        printed.add_row(*cells)
    return printed


def _plain(cell: TableCell) -> str:
    """Return the text with its marks in front, so that the numbers of a column are aligned."""
    text = f"{cell.text} ± {cell.spread}" if cell.spread else cell.text
    return " ".join(part for part in (_ARROWS[cell.mark], _STAR if cell.is_best else "", text) if part)


def _markdown_cell(cell: TableCell) -> str:
    text = escape_markdown(f"{cell.text} ± {cell.spread}" if cell.spread else cell.text)
    text = f"**{text}**" if cell.is_best else text
    return f"{text} {_ARROWS[cell.mark]}" if cell.mark else text


def _markdown_row(cells) -> str:
    return f"| {' | '.join(cells)} |"


def _latex_cell(cell: TableCell, is_marked: bool) -> str:
    """Format a cell; in a column with marks, a cell without a mark has the space of one."""
    text = escape_latex(cell.text)
    text = f"\\textbf{{{text}}}" if cell.is_best else text
    text += f" {{\\tiny$\\pm$\\,{cell.spread}}}" if cell.spread else ""
    if is_marked:
        text += f" {escape_latex(_ARROWS[cell.mark])}" if cell.mark else r" \phantom{$\uparrow$}"
    return text


def _alignment(table: ResultTable) -> str:
    """Return 'r' for tables of numbers, 'l' for tables of text."""
    return "l" if "chosen values" in table.headings else "r"
