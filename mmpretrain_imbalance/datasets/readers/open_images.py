"""Image-level labels of Open Images, from its published tables."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ...utils.argument_checks import check_choice
from ..annotations.content import csv_rows, open_text, read_json, refuse_repeated_keys
from ..annotations.errors import AnnotationErrors
from ..annotations.label_rows import LabelPart, LabelRows
from ..label_store.external_sort import CONFLICTS, GatheredLabels, resolve_labels
from .open_images_tables import HUMAN, IMAGE, IMPLIED, OpenImagesTables


def read_open_images(
    human_labels: Sequence[str | os.PathLike],
    class_descriptions: str | os.PathLike,
    *,
    trainable_classes: str | os.PathLike | None = None,
    image_ids: str | os.PathLike | None = None,
    machine_labels: Sequence[str | os.PathLike] = (),
    machine_threshold: float | None = None,
    hierarchy: str | os.PathLike | None = None,
    conflicts: str = "refuse",
    skip_malformed: bool = False,
    work_dir: str | os.PathLike | None = None,
) -> LabelRows:
    """Read Open Images labels of V3 to V7: Confidence 1 is positive, 0 negative, the rest unknown.

    The tables need not be sorted. Images come in rising order of their identifiers, named
    ``<identifier>.jpg``.

    Where several sources speak about a class of an image, human labels decide, then what follows from them
    by the hierarchy, then machine labels. Two that follow and contradict each other leave the class unknown.

    Args:
        human_labels: Tables with the columns ImageID, LabelName and Confidence, 1 or 0.
        class_descriptions: Table of label name and display name, with or without a header.
        trainable_classes: List of label names: only these classes, in this order. Absent: all described
            classes, in the order of the table. Labels of other described classes are left out and counted.
        image_ids: Table with the column ImageID: exactly these images. Absent: those with a label of one of
            the classes.
        machine_labels: Tables of machine-generated labels, Confidence from 0 to 1.
        machine_threshold: A machine label of at least this confidence is positive; the others are left out.
        hierarchy: The hierarchy file of the boxable classes: positives also hold for the classes above them
            and negatives for those below.
        conflicts: A class that people called both present and absent in one image: ``'refuse'``, or take it
            as ``'positive'``, ``'negative'`` or ``'unknown'``.
        skip_malformed: Whether to leave out wrong rows and count them, instead of refusing the file.
        work_dir: Where temporary files lie, 14 bytes a label.

    Returns:
        The labels. The tables are read by this call.

    Raises:
        FileNotFoundError: If a file is missing.
        ImportError: If pyarrow is missing.
        ValueError: If an argument has no meaning or a file is wrong.
    """
    check_choice("read_open_images", CONFLICTS, conflicts=conflicts)
    if bool(machine_labels) != (machine_threshold is not None):
        raise ValueError(
            "The 'machine_threshold' argument of read_open_images must be given with 'machine_labels', and "
            f"only then. Got {machine_threshold!r} with {len(machine_labels)} tables instead."
        )
    if machine_threshold is not None and not 0 <= machine_threshold <= 1:  # not even NaN
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
    parts = _parts(tables.labels, implied, image_ids is not None, conflicts, chosen, notes)
    return LabelRows(display_names(described, chosen), parts, notes=notes)


def _parts(
    labels: GatheredLabels,
    implied: ImpliedLabels | None,
    only_listed: bool,
    conflicts: str,
    labels_of_classes: list[str],
    notes: dict[str, int],
) -> Iterator[LabelPart]:
    num_classes = len(labels_of_classes)

    def describe(key: int) -> str:
        return f"image {names[key // num_classes]:016x}, class {labels_of_classes[key % num_classes]}"

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
            # Nothing follows from a label that others overrule.
            stays = resolve_labels(keys[human], values[human], ranks[human], conflicts, {}, describe)
            more_keys, more_values = _that_follow(implied, *stays, num_classes)
            keys, values = np.concatenate([keys, more_keys]), np.concatenate([values, more_values])
            ranks = np.concatenate([ranks, np.full(len(more_keys), IMPLIED, dtype=ranks.dtype)])
        keys, values = resolve_labels(keys, values, ranks, conflicts, notes, describe)
        yield LabelPart(
            [f"{name:016x}.jpg" for name in names.tolist()], keys // num_classes, keys % num_classes, values
        )


def _that_follow(
    implied: ImpliedLabels, keys: np.ndarray, values: np.ndarray, num_classes: int
) -> tuple[np.ndarray, np.ndarray]:
    origins, classes, implied_values = implied.of(keys % num_classes, values)
    return keys[origins] // num_classes * num_classes + classes, implied_values


def read_class_descriptions(path: str | os.PathLike) -> dict[str, str]:
    """Read the table of label names and display names, with (V6) or without a header (V3).

    Args:
        path: The table.

    Returns:
        Display name of each label name, in the order of the table.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If a row has not two cells.
    """
    _check_exists(path)
    with open_text(os.fspath(path)) as file:
        rows = [(number, row) for number, row in csv_rows(file, os.fspath(path)) if row]
    if rows and rows[0][1][0] == "LabelName":
        rows = rows[1:]
    faults = AnnotationErrors(str(path))
    for number, row in rows:
        if len(row) != 2:
            faults.add(f"line {number}", "row", "a label name and a display name", row)
    faults.raise_if_any()
    return {label.strip(): name.strip() for _, (label, name) in rows}


def read_class_list(path: str | os.PathLike, described: dict[str, str]) -> list[str]:
    """Read a list of label names, one a line.

    Args:
        path: The list.
        described: The label names there are.

    Returns:
        The label names, in the order of the list.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If a name is not described, or there twice.
    """
    _check_exists(path)
    faults = AnnotationErrors(str(path))
    chosen: dict[str, None] = {}
    with open_text(os.fspath(path)) as file:
        lines = list(file)
    for number, line in enumerate(lines, 1):
        label = line.strip()
        if label and (label not in described or label in chosen):
            faults.add(f"line {number}", "class", "a described class, named once", label)
        if label:
            chosen[label] = None
    faults.raise_if_any()
    return list(chosen)


def display_names(described: dict[str, str], chosen: list[str]) -> list[str]:
    """Name classes for people; two of one display name get their label names behind.

    Args:
        described: Display name of each label name.
        chosen: Label names of the classes.

    Returns:
        Different names, in the order of ``chosen``.

    Example:
        >>> display_names({'/m/1': 'Bat', '/m/2': 'Bat', '/m/3': 'Cat'}, ['/m/2', '/m/1', '/m/3'])
        ['Bat (/m/2)', 'Bat (/m/1)', 'Cat']
    """
    counts = Counter(described[label] for label in chosen)
    names = ((described[label], label) for label in chosen)
    return [name if counts[name] == 1 else f"{name} ({label})" for name, label in names]


def _check_exists(path: str | os.PathLike) -> None:
    if not os.path.isfile(path):
        raise FileNotFoundError(f"The list of classes must be an existing file. Got {path} instead.")


class ImpliedLabels:
    """Labels that follow from others: a dog is an animal, and where there is no animal there is no dog.

    Args:
        above: The classes above each class, C sets of class indices.
    """

    def __init__(self, above: Sequence[set[int]]) -> None:
        below: list[set[int]] = [set() for _ in above]
        for lower, uppers in enumerate(above):
            for upper in uppers:
                below[upper].add(lower)
        # By label, 0 and 1: the classes that follow from each class, one after the other.
        self._tables = [_flat(below), _flat(above)]

    def of(self, classes: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Find what follows from each label.

        Args:
            classes: Class of each label, of shape (E,).
            values: 1 or 0, of shape (E,).

        Returns:
            Place of the label in ``classes``, class, and value of each label that follows, of shape (F,).
        """
        found = []
        for value, (offsets, targets) in enumerate(self._tables):
            places = np.flatnonzero(values == value)
            starts = offsets[classes[places]]
            sizes = offsets[classes[places] + 1] - starts
            origins = np.repeat(places, sizes)
            elements = np.arange(len(origins)) + np.repeat(starts - (np.cumsum(sizes) - sizes), sizes)
            found.append((origins, targets[elements], np.full(len(origins), value, dtype=np.int8)))
        return tuple(np.concatenate(arrays) for arrays in zip(*found))


def read_hierarchy(path: str | os.PathLike, labels: Sequence[str]) -> ImpliedLabels:
    """Read the hierarchy file of the boxable classes.

    A node has ``LabelName`` and, below ``Subcategory``, the nodes of narrower classes. ``Part`` lists what
    is a part of it (a wheel of a car), from which nothing follows here. A class may be below several others.

    Args:
        path: The JSON file.
        labels: Label names of the classes, in the order of their indices. Others are passed through.

    Returns:
        What follows from what.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no such hierarchy.
    """
    root = read_json(os.fspath(path))
    index = {label: number for number, label in enumerate(labels)}
    above: list[set[int]] = [set() for _ in labels]
    waiting: list[tuple[Any, frozenset[int]]] = [(root, frozenset())]
    while waiting:
        node, uppers = waiting.pop()
        refuse_repeated_keys(node, os.fspath(path))
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
        own = index.get(node["LabelName"])
        if own is not None:
            above[own] |= uppers - {own}
            uppers = uppers | {own}
        waiting += [(child, uppers) for child in children]
    return ImpliedLabels(above)


def _flat(lists: Sequence[set[int]]) -> tuple[np.ndarray, np.ndarray]:
    offsets = np.cumsum([0, *map(len, lists)])
    return offsets, np.array([item for items in lists for item in sorted(items)], dtype=np.int64)
