"""Layout of a table: one column per class, one column of lists, or one row per label."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from .cell_words import Cell, CellWords, fold
from .column_survey import ColumnSurvey, Judgment
from .description import TableDescription
from .list_cells import find_separator, parse_list
from .odd_values import no_labels_error, odd_value_error, option_word
from .table_columns import find_column, find_columns, find_image_column, group_hint
from .table_options import TableOptions
from .table_source import TableSource

_NAMES = re.compile(
    r"(image_?|multi_?|all_?|true_?|gt_?)?(label|class|tag|category|categorie|keyword|finding|attribute|choice|"
    r"species|diagnosis|diagnose|annotation|concept|object)(s|es)?([_ ]?(name|list|id|text)s?)?$",
    re.IGNORECASE,
)
# Columns that name a person or tool and not a class, although their values repeat as those of classes do.
_PERSON = re.compile(
    r"annotator|rater|reader|user|worker|doctor|label+er|_by$|review|source|author", re.IGNORECASE
)
_VALUE = re.compile(r"^(value|present|presence|label|answer|positive|confidence|state|is_?present|y)$", re.I)


@dataclass
class TableLayout:
    """Roles of the columns of a table.

    Args:
        kind: ``'classes'`` (one column per class), ``'lists'`` (one column of lists) or ``'labels'`` (one row
            per label).
        image: Position of the image column.
        group: Position of the group column.
        classes: Positions of the class columns, with the label of each value.
        names: Position of the column with lists, or with the class of a row.
        negatives: Position of the column with lists of negatives.
        value: Position of the column with the label of a row, and the label of each value.
        ignored: Positions of all other columns, with the reasons.
    """

    kind: str
    image: int
    group: int | None = None
    classes: dict[int, dict[Cell, int]] = field(default_factory=dict)
    names: int | None = None
    negatives: int | None = None
    value: tuple[int, dict[Cell, int]] | None = None
    ignored: dict[int, str] = field(default_factory=dict)


def find_layout(
    source: TableSource,
    columns: Sequence[ColumnSurvey],
    options: TableOptions,
    words: CellWords,
    description: TableDescription,
) -> TableLayout:
    """Find the roles of all columns.

    Args:
        source: The table.
        columns: Values of the columns.
        options: The options, which go before every guess.
        words: The words for labels.
        description: Description to which guesses are added.

    Returns:
        The roles.

    Raises:
        ValueError: If the table cannot be understood. The message names the option that settles it.
    """
    given = {
        name: find_column(source, getattr(options, name), name)
        for name in ("group_column", "class_column", "value_column", "list_column", "negative_list_column")
        if getattr(options, name)
    }
    class_columns = find_columns(source, options.class_columns or (), "class_columns")
    ignored = {position: "--ignore" for position in find_columns(source, options.ignore, "ignore")}
    taken = [*given.values(), *class_columns, *ignored]
    image = find_image_column(source, columns, options, taken, description)
    ignored.pop(image, None)
    _check_duplicate_names(source, ignored)
    others = sorted(set(range(len(columns))) - {image, *ignored, *given.values()})
    judgments = {p: columns[p].judge(words) for p in others}
    layout = TableLayout("classes", image, given.get("group_column"))
    if "class_column" in given:
        layout.kind, layout.names = "labels", given["class_column"]
    elif "list_column" in given:
        layout.kind, layout.names = "lists", given["list_column"]
    elif not class_columns:
        _guess_layout(source, columns, layout, judgments, description)
    layout.negatives = given.get("negative_list_column")
    if layout.kind == "labels":
        value = given.get("value_column", _value_column(source, columns, layout, judgments, description))
        if value is not None:
            layout.value = value, _meanings(source, columns[value], columns[value].judge(words))
    elif layout.kind == "classes":
        _choose_classes(source, columns, layout, judgments, class_columns, description)
    used = {image, layout.group, layout.names, layout.negatives, *layout.classes}
    used.add(layout.value[0] if layout.value else None)
    layout.ignored = {
        p: ignored.get(p) or (judgments[p].reason if p in judgments else "") or "not needed in this layout"
        for p in range(len(columns))
        if p not in used
    }
    if layout.kind == "lists" and layout.negatives is None:
        _guess_unused_lists(source, columns, layout, description)
    hint = None if layout.group is not None else group_hint(source.header, columns, list(layout.ignored))
    if hint is not None and source.positions[hint] not in ignored:
        description.guess(
            f"images with the same '{hint}' do not belong together", f"--group-column {option_word(hint)}"
        )
    return layout


def _guess_layout(
    source: TableSource,
    columns: Sequence[ColumnSurvey],
    layout: TableLayout,
    judgments: dict[int, Judgment],
    description: TableDescription,
) -> None:
    labels = [p for p, judgment in judgments.items() if judgment.kind in ("labels", "mixed")]
    texts = [p for p, judgment in judgments.items() if judgment.kind == "other" and _is_text(columns[p])]
    image = columns[layout.image]
    if len(labels) <= 1 or image.repeats:
        named = [p for p in texts if columns[p].repeats and not _has_several_entries(columns[p])]
        pairs = [p for p in named if _pairs_differ(image, columns[p])] if image.repeats else []
        hinted = [p for p in named if _NAMES.match(source.header[p])]
        pairs = [p for p in pairs if not _PERSON.search(source.header[p])]
        for found in ([p for p in hinted if p in pairs], hinted if image.repeats or labels else [], pairs):
            if found is pairs and len(labels) > 1:
                break
            if len(found) == 1:
                layout.kind, layout.names = "labels", found[0]
                description.guess(
                    f"each row has one label, with the class in '{source.header[found[0]]}'",
                    "--class-columns or --list-column",
                )
                return
            if len(found) > 1:
                raise _several(source, found, "the class of each row", "--class-column")
    if labels:
        return
    lists = [p for p in texts if columns[p].has_lists or _has_several_entries(columns[p])]
    hinted = [p for p in texts if _NAMES.match(source.header[p])]
    for found in ([p for p in hinted if p in lists], hinted, lists):
        found = [p for p in found if _entries_repeat(columns[p])]
        if found and not set(found) & set(hinted) and _share_words(columns, judgments):
            # Likely labels in words that are not known, beside a column of remarks.
            raise no_labels_error(source, columns, judgments)
        if len(found) == 1:
            layout.kind, layout.names = "lists", found[0]
            description.guess(
                f"'{source.header[found[0]]}' lists the positive classes of each image", "--list-column"
            )
            return
        if len(found) > 1:
            raise _several(source, found, "the classes of each image", "--list-column")
    raise no_labels_error(source, columns, judgments)


def _guess_unused_lists(
    source: TableSource,
    columns: Sequence[ColumnSurvey],
    layout: TableLayout,
    description: TableDescription,
) -> None:
    for position, reason in layout.ignored.items():
        if reason != "--ignore" and _is_text(columns[position]) and _has_several_entries(columns[position]):
            name = source.header[position]
            description.guess(
                f"the lists of '{name}' are not used", f"--negative-list-column {option_word(name)}"
            )


def _choose_classes(
    source: TableSource,
    columns: Sequence[ColumnSurvey],
    layout: TableLayout,
    judgments: dict[int, Judgment],
    class_columns: Sequence[int],
    description: TableDescription,
) -> None:
    if not class_columns:
        class_columns = [p for p, judgment in judgments.items() if judgment.kind in ("labels", "mixed")]
        chosen = set(class_columns)
        left_out = [p for p in judgments if p not in chosen and not columns[p].is_blank]
        if left_out:
            names = ", ".join(f"'{source.header[p]}'" for p in left_out[:6])
            more = f" and {len(left_out) - 6} more" if len(left_out) > 6 else ""
            description.guess(
                f"{names}{more} {'are' if len(left_out) > 1 else 'is'} no class", "--class-columns"
            )
        blank = [p for p in judgments if columns[p].is_blank and not source.header[p].startswith("column ")]
        if blank:
            names = ", ".join(f"'{source.header[p]}'" for p in blank[:6])
            description.guess(
                f"{names} {'are' if len(blank) > 1 else 'is'} no class, being blank", "--class-columns"
            )
    for position in class_columns:
        layout.classes[position] = _meanings(source, columns[position], judgments[position])


def _value_column(
    source: TableSource,
    columns: Sequence[ColumnSurvey],
    layout: TableLayout,
    judgments: dict[int, Judgment],
    description: TableDescription,
) -> int | None:
    found = [
        p for p, judgment in judgments.items() if judgment.kind in ("labels", "mixed") and p != layout.names
    ]
    if len(found) > 1:
        hinted = [p for p in found if _VALUE.match(source.header[p])]
        found = hinted if len(hinted) == 1 else found
    if len(found) > 1:
        raise _several(source, found, "the label of each row", "--value-column (with --class-column)")
    if not found:
        for position, judgment in judgments.items():
            if judgment.reason.startswith("numbers between 0 and 1"):
                name = source.header[position]
                raise source.error(
                    "labels that are positive, negative or unknown",
                    f"{judgment.reason} in the column {name!r}",
                    f"Say --ignore {option_word(name)} if every row is a positive label.",
                )
            if (
                judgment.kind == "other"
                and position != layout.names
                and 2 <= len(set(columns[position].filled)) <= 3
            ):
                # These may be the labels, in words that are not known.
                raise odd_value_error(source, columns[position], judgment)
        description.guess(
            "every row is a positive label, because no column has labels", "--class-column and --value-column"
        )
        return None
    return found[0]


def _meanings(source: TableSource, column: ColumnSurvey, judgment: Judgment) -> dict[Cell, int]:
    if judgment.kind in ("mixed", "other"):
        raise odd_value_error(source, column, judgment)
    return {cell: label for cell, label in judgment.meanings.items() if label is not None}


def _is_text(column: ColumnSurvey) -> bool:
    reason = column.has_lists or column.numbers() is None
    return bool(reason) and column.image_fraction <= 0.5 and bool(column.filled)


def _has_several_entries(column: ColumnSurvey) -> bool:
    if column.has_lists:
        return True
    cells = [cell.strip() for cell in column.filled if isinstance(cell, str)]
    return find_separator(cells) is not None or any(cell[0] in "[{(" and cell[-1] in "]})" for cell in cells)


def _entries_repeat(column: ColumnSurvey) -> bool:
    """Return whether entries occur several times, as those of classes do and those of free text do not."""
    separator = find_separator(column.filled)
    entries = [entry for cell in column.filled for entry in parse_list(cell, separator) or ()]
    return len(set(entries)) <= max(0.5 * len(entries), 20)


def _share_words(columns: Sequence[ColumnSurvey], judgments: dict[int, Judgment]) -> bool:
    """Return whether several columns have the same two or three values, as columns of labels do."""
    seen: set[frozenset[Cell]] = set()
    for position, judgment in judgments.items():
        words = frozenset(fold(cell) if isinstance(cell, str) else cell for cell in judgment.odd) - {""}
        if judgment.kind == "other" and not columns[position].has_many and 2 <= len(words) <= 3:
            if words in seen:
                return True
            seen.add(words)
    return False


def _pairs_differ(first: ColumnSurvey, second: ColumnSurvey) -> bool:
    pairs = list(zip(first.sample, second.sample))
    return len(set(pairs)) >= 0.95 * len(pairs)


def _several(source: TableSource, positions: Sequence[int], what: str, option: str) -> ValueError:
    names = ", ".join(repr(source.header[position]) for position in positions)
    return source.error(
        f"one column with {what}", f"{len(positions)} such columns: {names}", f"Name it with {option}."
    )


def _check_duplicate_names(source: TableSource, ignored: dict[int, str]) -> None:
    for position, name in enumerate(source.header):
        match = re.fullmatch(r"(.+) \(column \d+\)", name)
        first = source.positions.get(match[1]) if match else None
        if match and first is not None and not {position, first} & ignored.keys():
            raise source.error(
                "different column names",
                f"{match[1]!r} twice, in columns {first + 1} and {position + 1}",
                f"Rename one of them, or say --ignore {option_word(name)}.",
            )
