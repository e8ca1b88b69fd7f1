"""Errors about columns whose values are not labels."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from .cell_words import Cell, fold, number_of
from .column_survey import ColumnSurvey, Judgment
from .table_source import TableSource

# Words of other languages. They only order the words of an example: reading them is left to the options.
_YES = frozenset("ja oui si sí sim tak ano evet igen".split())
_NO = frozenset("nein nee nej nei non não nao nie ne hayir nem".split())
_NAMES_OF_CLASSES = re.compile(r"label|class|tag|categor|species|diagnos", re.IGNORECASE)


def odd_value_error(source: TableSource, column: ColumnSurvey, judgment: Judgment) -> ValueError:
    """Return the error of a class column with values that are no words for labels.

    Args:
        source: The table.
        column: The column.
        judgment: Its values.
    """
    name = column.name
    if not judgment.odd:
        return source.error(
            "labels that are positive, negative or unknown",
            f"{judgment.reason} in the column {name!r}",
            f"Say --ignore {option_word(name)}, or name the right columns.",
        )
    known = [
        cell for cell, label in judgment.meanings.items() if label in (0, 1) and cell not in judgment.odd
    ]
    if not known:
        return _unknown_words_error(source, column, judgment)
    odd = sorted(judgment.odd, key=lambda cell: column.first_rows[cell])
    first = str(odd[0]).strip()
    beside = ", ".join(_counted(column, cell) for cell in known[:4])
    others = [repr(str(cell).strip()[:30]) for cell in odd[1:4]] + ["..."] * (len(odd) > 4)
    more = f" (also {', '.join(others)})" if others else ""
    count = column.counts[odd[0]]
    found = (
        f"{first!r:.100} in row {column.first_rows[odd[0]]} of the column {name!r}"
        f"{f', {count:,} times' if count > 1 else ''}{more}, beside {beside},"
    )
    word = option_word(first)
    remedy = (
        f"Say what it means with --yes {word}, --no {word} or --unknown {word}, or say --ignore "
        f"{option_word(name)} if the column is no class."
    )
    if count == 1 and number_of(first) is not None:
        remedy += f" If row {column.first_rows[odd[0]]} is no image but has totals, delete it."
    if _NAMES_OF_CLASSES.search(name):
        remedy += f" If its cells name classes, say --list-column {option_word(name)}."
    return source.error("labels that are positive, negative or unknown", found, remedy)


def _unknown_words_error(source: TableSource, column: ColumnSurvey, judgment: Judgment) -> ValueError:
    words = _positive_first([column], judgment.odd)
    shown = ", ".join(_counted(column, cell) for cell in judgment.odd[:4]) + (
        ", ..." if len(words) > 4 else ""
    )
    return source.error(
        "labels that are positive, negative or unknown",
        f"{shown} in the column {column.name!r}",
        f"Say what they mean, such as {_example_options(words)} (or the other way round), or say --ignore "
        f"{option_word(column.name)} if the column is no class.",
    )


def no_labels_error(
    source: TableSource, columns: Sequence[ColumnSurvey], judgments: dict[int, Judgment]
) -> ValueError:
    """Return the error of a table without a column of labels.

    Args:
        source: The table.
        columns: Values of the columns.
        judgments: Comparison of the columns with the words for labels, by position.
    """
    few = [
        p
        for p, judgment in judgments.items()
        if judgment.kind == "other" and not columns[p].has_many and 0 < len(judgment.odd) <= 3
    ]
    seen = "; ".join(f"'{columns[p].name}': {judgments[p].reason}" for p in list(judgments)[:4])
    if few:
        # The words of most columns are likely the words for labels.
        spellings = Counter(
            tuple(sorted({str(cell).strip() for cell in judgments[p].odd} - {""})) for p in few
        )
        words = _positive_first([columns[p] for p in few], spellings.most_common(1)[0][0])
        return source.error(
            "columns with labels, or a column that lists classes",
            f"other values ({seen})",
            f"Say which words are labels, such as {_example_options(words)} (or the other way round), or "
            "name the column that lists classes with --list-column.",
        )
    if judgments and all(judgment.reason.startswith("numbers between 0") for judgment in judgments.values()):
        return source.error(
            "columns with labels",
            f"only numbers between 0 and 1 ({seen})",
            "Replace predicted probabilities by labels, such as 1 where they are at least 0.9, 0 where they "
            "are at most 0.1, and blank cells elsewhere.",
        )
    return source.error(
        "columns with labels, or a column that lists classes",
        f"no such column ({seen or 'no other column'})",
        "Name the words for labels with --yes, --no and --unknown, or the column with --list-column or "
        "--class-columns.",
    )


def option_word(word: str) -> str:
    """Return a word as it is typed after an option in a shell.

    Example:
        >>> option_word('maybe'), option_word('not sure')
        ('maybe', "'not sure'")
    """
    return word if re.fullmatch(r"[\w.,/+-]+", word) else "'" + word.replace("'", "'\\''") + "'"


def _positive_first(columns: Sequence[ColumnSurvey], cells: Sequence[Cell]) -> list[str]:
    """Sort words for an example: known words, then the rarest, as most classes have few positives."""
    words = {str(cell).strip() for cell in cells}
    counts: Counter[str] = Counter()
    for column in columns:
        for cell, count in column.counts.items():
            counts[str(cell).strip()] += count
    return sorted(words, key=lambda word: ((fold(word) in _NO) - (fold(word) in _YES), counts[word], word))


def _example_options(words: Sequence[str]) -> str:
    return " ".join(f"{option} {option_word(word)}" for option, word in zip(("--yes", "--no"), words))


def _counted(column: ColumnSurvey, cell: Cell) -> str:
    text = str(cell).strip()
    return f"{text!r} ({column.counts[cell]:,})" if text else f"blank ({column.counts[cell]:,})"
