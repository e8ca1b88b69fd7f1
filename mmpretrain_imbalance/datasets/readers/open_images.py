"""Reader of image-level labels of Open Images: label tables, class lists and hierarchy."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ...utils.argument_checks import check_choice
from ..annotations.content import csv_rows, open_text, read_json, reject_repeated_keys
from ..annotations.errors import AnnotationErrors
from ..annotations.label_rows import LabelPart, LabelRows
from ..label_store.external_sort import CONFLICTS, GatheredLabels, resolve_labels
from .open_images_tables import HUMAN, IMAGE, IMPLIED, OpenImagesTables


def read_open_images(
    human_labels: Sequence[str | os.PathLike[str]],
    class_descriptions: str | os.PathLike[str],
    *,
    trainable_classes: str | os.PathLike[str] | None = None,
    image_ids: str | os.PathLike[str] | None = None,
    machine_labels: Sequence[str | os.PathLike[str]] = (),
    machine_threshold: float | None = None,
    hierarchy: str | os.PathLike[str] | None = None,
    conflicts: str = "raise",
    skip_malformed: bool = False,
    work_dir: str | os.PathLike[str] | None = None,
) -> LabelRows:
    """Read labels of Open Images V3 to V7: Confidence 1 is positive, 0 is negative, all others are unknown.

    The tables need not be sorted. Images are returned in ascending order of their identifiers, with names
    ``<identifier>.jpg``.

    If several sources label the same class of an image, human labels are used first, then the labels that
    they imply by the hierarchy, then machine labels. If implied labels contradict each other, the class is
    unknown.

    Args:
        human_labels: Tables with the columns ImageID, LabelName and Confidence, 1 or 0.
        class_descriptions: Table of label names and display names, with or without a header.
        trainable_classes: List of the label names of the classes, in their order; by default all described
            classes, in the order of the table. Labels of other described classes are left out and counted.
        image_ids: Table with the column ImageID of the images to return; by default all images that have a
            label of one of the classes.
        machine_labels: Tables of machine-generated labels with Confidence from 0 to 1.
        machine_threshold: Machine labels of at least this confidence are positive, the others are left out.
        hierarchy: The hierarchy file of the boxable classes. Positive labels imply that all classes above are
            positive, negative labels that all classes below are negative.
        conflicts: Treatment of a class that has both positive and negative human labels in one image:
            ``'raise'``, or use ``'positive'``, ``'negative'`` or ``'unknown'``.
        skip_malformed: Whether to leave out and count malformed rows instead of raising.
        work_dir: Folder for temporary files, which take 14 bytes per label.

    Returns:
        The labels. The tables are read by this call.

    Raises:
        FileNotFoundError: If a file is missing.
        ImportError: If pyarrow is missing.
        ValueError: If an argument is invalid or a file is malformed.
    """
    check_choice("read_open_images", CONFLICTS, conflicts=conflicts)
    if bool(machine_labels) != (machine_threshold is not None):
        raise ValueError(
            "The 'machine_threshold' argument of read_open_images must be set if and only if "
            f"'machine_labels' is set. Got {machine_threshold!r} with {len(machine_labels)} tables instead."
        )
    if machine_threshold is not None and not 0 <= machine_threshold <= 1:  # also true for NaN
        raise ValueError(
            "The 'machine_threshold' argument of read_open_images must be a number from 0 to 1. Got "
            f"{machine_threshold!r} instead."
        )
    described = read_class_descriptions(class_descriptions)
    chosen = list(described) if trainable_classes is None else read_class_list(trainable_classes, described)
    notes: dict[str, int] = {}
    tables = OpenImagesTables(described, chosen, skip_malformed, notes, GatheredLabels(work_dir))
    for path in human_labels:
        tables.read(path, None)
    for path in machine_labels:
        tables.read(path, machine_threshold)
    if image_ids is not None:
        tables.read_image_ids(image_ids)
    implied = None if hierarchy is None else read_hierarchy(hierarchy, chosen)
    files = ", ".join(map(str, human_labels))
    parts = _parts(tables.labels, implied, image_ids is not None, conflicts, chosen, notes, files)
    return LabelRows(display_names(described, chosen), parts, notes=notes, source=str(human_labels[0]))


def read_class_descriptions(path: str | os.PathLike[str]) -> dict[str, str]:
    """Read the table of label names and display names, with (V6) or without a header (V3).

    Args:
        path: The table.

    Returns:
        Display names by label name, in the order of the table.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If a row does not have two cells.
    """
    _check_exists(path)
    with open_text(os.fspath(path)) as file:
        rows = [(number, row) for number, row in csv_rows(file, os.fspath(path)) if row]
    if rows and rows[0][1][0] == "LabelName":
        rows = rows[1:]
    errors = AnnotationErrors(str(path))
    for number, row in rows:
        if len(row) != 2:
            errors.add(f"line {number}", "row", "a label name and a display name", row)
    errors.raise_if_any()
    return {label.strip(): name.strip() for _, (label, name) in rows}


def read_class_list(path: str | os.PathLike[str], described: dict[str, str]) -> list[str]:
    """Read a list with one label name per line.

    Args:
        path: The list.
        described: Display names by label name, of all described classes.

    Returns:
        The label names, in the order of the list.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If a class is not described, or is listed twice.
    """
    _check_exists(path)
    errors = AnnotationErrors(str(path))
    chosen: dict[str, None] = {}
    with open_text(os.fspath(path)) as file:
        lines = list(file)
    for number, line in enumerate(lines, 1):
        label = line.strip()
        if label and (label not in described or label in chosen):
            errors.add(f"line {number}", "class", "a described class, named once", label)
        if label:
            chosen[label] = None
    errors.raise_if_any()
    return list(chosen)


def display_names(described: dict[str, str], chosen: list[str]) -> list[str]:
    """Return unique display names; the label name is appended to names of several classes.

    Args:
        described: Display names by label name.
        chosen: Label names of the classes.

    Returns:
        The names, in the order of ``chosen``.

    Example:
        >>> display_names({'/m/1': 'Bat', '/m/2': 'Bat', '/m/3': 'Cat'}, ['/m/2', '/m/1', '/m/3'])
        ['Bat (/m/2)', 'Bat (/m/1)', 'Cat']
    """
    counts = Counter(described[label] for label in chosen)
    names = ((described[label], label) for label in chosen)
    return [name if counts[name] == 1 else f"{name} ({label})" for name, label in names]


def read_hierarchy(path: str | os.PathLike[str], labels: Sequence[str]) -> ImpliedLabels:
    """Read the hierarchy file of the boxable classes.

    A node has a ``LabelName`` and, in ``Subcategory``, the nodes of narrower classes. ``Part`` lists its
    parts (a wheel of a car), which imply no labels. A class can be below several other classes.

    Args:
        path: The JSON file.
        labels: Label names of the classes, in the order of their indices. Nodes of other classes only connect
            the classes above and below them.

    Returns:
        The implied labels.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is not such a hierarchy.
    """
    root = read_json(os.fspath(path))
    index = {label: number for number, label in enumerate(labels)}
    above: list[set[int]] = [set() for _ in labels]
    waiting: list[tuple[Any, frozenset[int]]] = [(root, frozenset())]
    while waiting:
        node, uppers = waiting.pop()
        reject_repeated_keys(node, os.fspath(path))
        if not isinstance(node, dict) or not isinstance(node.get("LabelName"), str):
            raise ValueError(
                f"Every node of the hierarchy {path} must have a 'LabelName'. Got {node!r:.100} instead."
            )
        children = node.get("Subcategory", [])
        if not isinstance(children, list):
            raise ValueError(
                f"The 'Subcategory' of {node['LabelName']} in the hierarchy {path} must be a list of nodes. "
                f"Got {children!r:.100} instead."
            )
        class_index = index.get(node["LabelName"])
        if class_index is not None:
            above[class_index] |= uppers - {class_index}
            uppers = uppers | {class_index}
        waiting += [(child, uppers) for child in children]
    return ImpliedLabels(above)


class ImpliedLabels:
    """Labels implied by a class hierarchy: a dog is an animal, and without an animal there is no dog.

    Args:
        above: The classes above each class, C sets of class indices.
    """

    def __init__(self, above: Sequence[set[int]]) -> None:
        below: list[set[int]] = [set() for _ in above]
        for lower, uppers in enumerate(above):
            for upper in uppers:
                below[upper].add(lower)
        # For each label, 0 and 1: the implied classes of all classes, concatenated, with their offsets.
        self._implied = [_concatenate(below), _concatenate(above)]

    def find(self, classes: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Find the implied labels of each label.

        Args:
            classes: Class of each label, of shape (E,).
            values: The labels, 1 or 0, of shape (E,).

        Returns:
            Index of the label that implies it, class, and value of each implied label, three arrays of shape
            (F,).
        """
        found = []
        for value, (offsets, targets) in enumerate(self._implied):
            labels = np.flatnonzero(values == value)
            starts = offsets[classes[labels]]
            sizes = offsets[classes[labels] + 1] - starts
            origins = np.repeat(labels, sizes)
            elements = np.arange(len(origins)) + np.repeat(starts - (np.cumsum(sizes) - sizes), sizes)
            found.append((origins, targets[elements], np.full(len(origins), value, dtype=np.int8)))
        origins, classes, values = (np.concatenate(arrays) for arrays in zip(*found))
        return origins, classes, values


def _parts(
    labels: GatheredLabels,
    implied: ImpliedLabels | None,
    only_listed: bool,
    conflicts: str,
    labels_of_classes: list[str],
    notes: dict[str, int],
    human_files: str,
) -> Iterator[LabelPart]:
    num_classes = len(labels_of_classes)

    def describe(key: int) -> str:
        name = labels_of_classes[key % num_classes]
        return f"image {names[key // num_classes]:016x}, class {name}, of {human_files}"

    for part in labels.parts():
        is_image = part["rank"] == IMAGE
        records = part[~is_image]
        names, images = np.unique(records["image"], return_inverse=True)
        if only_listed:
            listed = np.unique(part["image"][is_image])
            kept = np.isin(records["image"], listed)
            if not kept.all():
                note = "labels of images that are not listed"
                notes[note] = notes.get(note, 0) + int((~kept).sum())
            records, names = records[kept], listed
            images = np.searchsorted(listed, records["image"])
        if not len(names):
            continue
        classes, values = records["class"].astype(np.int64), records["value"]
        ranks = records["rank"]
        keys = images * num_classes + classes
        if implied is not None:
            human = ranks == HUMAN
            # Other labels are implied only by human labels after contradictions are resolved.
            resolved = resolve_labels(keys[human], values[human], ranks[human], conflicts, {}, describe)
            more_keys, more_values = _implied_keys(implied, *resolved, num_classes)
            keys, values = np.concatenate([keys, more_keys]), np.concatenate([values, more_values])
            ranks = np.concatenate([ranks, np.full(len(more_keys), IMPLIED, dtype=ranks.dtype)])
        keys, values = resolve_labels(keys, values, ranks, conflicts, notes, describe)
        yield LabelPart(
            [f"{name:016x}.jpg" for name in names.tolist()], keys // num_classes, keys % num_classes, values
        )


def _implied_keys(
    implied: ImpliedLabels, keys: np.ndarray, values: np.ndarray, num_classes: int
) -> tuple[np.ndarray, np.ndarray]:
    origins, classes, implied_values = implied.find(keys % num_classes, values)
    return keys[origins] // num_classes * num_classes + classes, implied_values


def _check_exists(path: str | os.PathLike[str]) -> None:
    if not os.path.isfile(path):
        raise FileNotFoundError(f"The list of classes must be an existing file. Got {path} instead.")


def _concatenate(lists: Sequence[set[int]]) -> tuple[np.ndarray, np.ndarray]:
    offsets = np.cumsum([0, *map(len, lists)])
    return offsets, np.array([item for items in lists for item in sorted(items)], dtype=np.int64)
