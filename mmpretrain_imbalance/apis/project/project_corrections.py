"""Corrections of single labels, which a project keeps when its table is read again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from posixpath import normpath

from ...datasets.annotations.corrections import Correction, read_corrections
from ...datasets.label_store.store import LabelStore
from ...utils.files import atomic_write, csv_line

#: File with the corrections, in the project. Its column ``label`` has the label of the table.
CORRECTIONS_FILE = "corrections.csv"


def read_project_corrections(folder: Path) -> list[Correction]:
    """Read the corrections of a project.

    Args:
        folder: Folder of the project.

    Returns:
        The corrections; none if the project has no such file.
    """
    path = folder / CORRECTIONS_FILE
    return read_corrections(path) if path.is_file() else []


def write_project_corrections(folder: Path, corrections: Iterable[Correction]) -> None:
    """Write the corrections of a project. Without any, no file is made.

    Args:
        folder: Folder of the project.
        corrections: The corrections.
    """
    corrections = list(corrections)
    if not corrections and not (folder / CORRECTIONS_FILE).is_file():
        return
    with atomic_write(folder / CORRECTIONS_FILE) as file:
        file.write(csv_line(["image", "class", "label", "correct"]))
        for found in corrections:
            file.write(csv_line([found.image, found.class_name, found.label, found.correct]))


def add_corrections(
    earlier: Sequence[Correction], new: Iterable[Correction], labels: LabelStore
) -> list[Correction]:
    """Add corrections to those of a project.

    Args:
        earlier: The corrections of the project.
        new: The new corrections.
        labels: The labels before the new corrections.

    Returns:
        One correction per image and class, with the label that the table of the project has.
    """
    seen = _labels_of(labels, new)
    merged = {_key(correction): correction for correction in earlier}
    for correction in new:
        key = _key(correction)
        of_table = merged[key].label if key in merged else seen[key]
        merged[key] = correction._replace(label=of_table)
    return list(merged.values())


def valid_corrections(earlier: Sequence[Correction], labels: LabelStore) -> list[Correction]:
    """Select the corrections of labels that the table has not changed since.

    Args:
        earlier: The corrections of the project.
        labels: The labels of the table.

    Returns:
        The corrections whose image and class exist and have the same label in the table as before.
    """
    now = _labels_of(labels, earlier)
    return [correction for correction in earlier if now.get(_key(correction)) == correction.label]


def _key(correction: Correction) -> tuple[str, str]:
    return normpath(correction.image), correction.class_name


def _labels_of(labels: LabelStore, corrections: Iterable[Correction]) -> dict[tuple[str, str], int]:
    """Return the label of the image and class of each correction, if they exist."""
    wanted = {_key(correction) for correction in corrections}
    images = {image for image, _ in wanted}
    class_of_name = {name: index for index, name in enumerate(labels.class_names)}
    found = {}
    for row in range(len(labels)):
        image = normpath(labels.image_name(row))
        if image in images:
            values = labels.dense(row)
            found.update({(image, name): int(values[index]) for name, index in class_of_name.items()})
    return {key: label for key, label in found.items() if key in wanted}
