"""Annotation files of a project: the labels of the images of each part."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...datasets.annotations.csv_table import read_annotation_csv
from ...datasets.annotations.writer import write_annotations
from ...datasets.label_store.build import build_label_store
from ...datasets.label_store.store import LabelStore

#: Number of labels, unknown ones included, above which a part is a label store instead of a CSV file.
LARGEST_CSV = 10_000_000


def select_images(labels: LabelStore, rows: np.ndarray, names: Sequence[str]) -> LabelStore:
    """Keep some rows of a label store, and give their images other names.

    Args:
        labels: The labels.
        rows: The rows to keep, of shape (M,).
        names: Their new names.

    Returns:
        A store of M images.
    """
    images, classes, values = labels.elements(rows)
    return build_label_store(images, classes, values, names, labels.class_names, labels.default_label)


def write_part(labels: LabelStore, rows: np.ndarray, folder: Path, part: str) -> str:
    """Write the labels of a part as a CSV file, or as a label store if a CSV file would be large.

    Args:
        labels: The labels of all parts.
        rows: Rows of the part.
        folder: Folder of the project.
        part: Name of the part.

    Returns:
        Name of the file or of the folder.
    """
    names = [labels.image_name(row) for row in rows]
    chosen = select_images(labels, rows, names)
    if len(rows) * labels.num_classes <= LARGEST_CSV:
        path = folder / f"{part}.csv"
        write_annotations(chosen, np.arange(len(chosen)), path)
        if _is_equal(path, chosen):
            return path.name
        path.unlink()  # names that a CSV file cannot hold, such as a class with spaces at its ends
    chosen.save(folder / f"{part}_labels")
    return f"{part}_labels"


def read_part(path: Path) -> LabelStore:
    """Read a file of :func:`write_part`."""
    return LabelStore.open(path) if path.is_dir() else read_annotation_csv(str(path))


def known_labels(labels: LabelStore) -> dict[str, np.ndarray]:
    """Return the labels of all classes of each image, by its name."""
    return {labels.image_name(row): labels.dense(row).astype(np.int8) for row in range(len(labels))}


def _is_equal(path: Path, labels: LabelStore) -> bool:
    try:
        read = read_annotation_csv(str(path), repeated_images="keep")
    except ValueError:
        return False
    rows = range(len(labels))
    return (
        read.class_names == labels.class_names
        and [read.image_name(row) for row in range(len(read))] == [labels.image_name(row) for row in rows]
        and all(np.array_equal(read.dense(row), labels.dense(row)) for row in rows)
    )
