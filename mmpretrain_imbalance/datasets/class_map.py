"""Mapping of the classes of a source to the classes of a merged dataset."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np


class ClassMap(NamedTuple):
    """Mapping from the classes of one source to the classes of the merged dataset.

    Attributes:
        targets: Index of each source class in the merged dataset, -1 for dropped classes, of shape (C,).
        positives_only: Whether only the positives of a source class are used, bool of shape (C,).
    """

    targets: np.ndarray
    positives_only: np.ndarray


def new_names(
    source: str,
    source_classes: Sequence[str],
    renamed: Mapping[str, str | None] | None,
    classes: Sequence[str] | None,
    unmapped: str,
) -> list[str | None]:
    """Return the name of each class of a source in the merged dataset.

    Args:
        source: Name of the source, for error messages.
        source_classes: Class names of the source.
        renamed: New names of some of these classes, ``None`` to drop a class; other classes keep their names.
        classes: Class list of the merged dataset, or ``None`` to use all classes of the sources.
        unmapped: ``'raise'`` or ``'drop'`` for a class that is not renamed and not in ``classes``.

    Returns:
        The new name of each class, ``None`` for dropped classes.

    Raises:
        ValueError: If ``renamed`` has a class that the source does not have or a new name that is not in
            ``classes``, or if a class is not in ``classes`` and ``unmapped`` is ``'raise'``.

    Example:
        >>> new_names("streets", ["car", "bus", "fog"], {"bus": "vehicle", "car": "vehicle", "fog": None},
        ...           ["person", "vehicle"], "raise")
        ['vehicle', 'vehicle', None]
    """
    renamed = dict(renamed or {})
    subject = f"The 'class_map' of source {source!r}"
    _check_names(renamed, source_classes, subject, "have keys that are classes of the source")
    if classes is not None:
        targets = [name for name in renamed.values() if name is not None]
        _check_names(targets, classes, subject, "have values that are names in 'classes'")
    names: list[str | None] = [renamed.get(name, name) for name in source_classes]
    if classes is None:
        return names
    allowed = set(classes)
    missing = [name for name in names if name is not None and name not in allowed]
    if missing and unmapped == "raise":
        raise ValueError(
            f"The classes of source {source!r} must be in 'classes' of MergedPartialLabels. Got "
            f"{_listing(missing)} instead. Set a new name for each in 'class_map', or None to drop it; "
            "unmapped='drop' drops all such classes of this source."
        )
    return [name if name in allowed else None for name in names]


def class_maps(
    sources: Mapping[str, Sequence[str | None]], classes: Sequence[str], positives_only: Sequence[np.ndarray]
) -> list[ClassMap]:
    """Convert new names to class indices.

    Args:
        sources: For each source by name, the new name of each of its classes, ``None`` for dropped classes.
        classes: Class list of the merged dataset.
        positives_only: For each source, whether only the positives of a class are used, bool of shape (C,).

    Returns:
        One map per source.

    Raises:
        ValueError: If no source annotates a class of the merged dataset.
    """
    annotated = {name for names in sources.values() for name in names}
    missing = [name for name in classes if name not in annotated]
    if missing:
        raise ValueError(
            "The 'classes' argument of MergedPartialLabels must be classes that a source annotates. Got "
            f"{_listing(missing)} instead, which no source annotates. Check the spelling, or add the class "
            "to a 'class_map'."
        )
    indices: dict[str | None, int] = {name: index for index, name in enumerate(classes)}
    return [
        ClassMap(np.array([indices.get(name, -1) for name in names], dtype=np.int64), only)
        for names, only in zip(sources.values(), positives_only)
    ]


def chosen_classes(source: str, source_classes: Sequence[str], names: Collection[str]) -> np.ndarray:
    """Mark the classes for which only positives are used.

    Args:
        source: Name of the source, for error messages.
        source_classes: Class names of the source, C of them.
        names: The names of the classes to mark.

    Returns:
        Whether each class is marked, bool of shape (C,).

    Raises:
        ValueError: If a name is not a class of the source.
    """
    _check_names(
        names, source_classes, f"The 'positives_only' of source {source!r}", "hold classes of the source"
    )
    chosen = set(names)
    return np.array([name in chosen for name in source_classes], dtype=bool)


def _check_names(names: Collection[str], allowed: Sequence[str], subject: str, requirement: str) -> None:
    known = set(allowed)
    wrong = [name for name in names if name not in known]
    if not wrong:
        return
    close = difflib.get_close_matches(str(wrong[0]), list(map(str, allowed)), n=1)
    hint = f" Did you mean {close[0]!r}?" if close else f" The names are {_listing(list(allowed))}."
    raise ValueError(f"{subject} must {requirement}. Got {_listing(wrong)} instead.{hint}")


def _listing(names: Sequence[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(map(repr, names[:5])) + more
