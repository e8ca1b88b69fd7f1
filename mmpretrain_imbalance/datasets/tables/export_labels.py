"""Labels of exports of annotation tools, where an image was checked by some annotators or by none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...utils.found_values import is_text, shown
from ..label_store.build import build_label_store
from ..label_store.store import LabelStore
from .cell_words import fold
from .describe_columns import class_descriptions
from .description import TableDescription, counted
from .table_options import TableOptions
from .table_source import table_error

_LABEL = {"unknown": -1, "positive": 1, "negative": 0}


@dataclass
class CheckedImage:
    """One image of an export.

    Args:
        name: Name of the image.
        number: Number of the image in the export, counted from 1.
        chosen: Classes that each annotator named.
        is_checked: Whether an annotator looked at the image.
        group: Group of the image.
    """

    name: str
    number: int
    chosen: list[set[str]]
    is_checked: bool
    group: str | None = None


def labels_of_export(
    images: Sequence[CheckedImage],
    class_names: Sequence[str],
    options: TableOptions,
    description: TableDescription,
    unit: str,
) -> tuple[LabelStore, np.ndarray, list[str] | None, TableDescription]:
    """Build the labels of an export.

    Args:
        images: The images. Several items of one image are several annotators.
        class_names: Names of classes that the export declares.
        options: The options.
        description: Description, which is completed.
        unit: Name of the items of the export, for messages.

    Returns:
        Labels, number of each image, groups, and description.

    Raises:
        ValueError: If no image has a class, or annotators contradict each other and ``disagreement`` is
            ``'raise'``.
    """
    joined = _joined(images)
    nothing = set(map(fold, options.nothing))
    ignored = set(map(fold, options.ignore)) | nothing
    found = {name for image in joined for chosen in image.chosen for name in chosen}
    names = [name for name in dict.fromkeys([*class_names, *sorted(found)]) if fold(name) not in ignored]
    if not names:
        raise table_error(
            description.path,
            description.layout,
            "images with classes",
            f"{counted(len(joined), 'image')} without one",
            "Export a project in which images were classified.",
        )
    wrong = [name for name in names if not is_text(name)]
    if wrong:
        raise table_error(
            description.path,
            description.layout,
            "classes whose names UTF-8 can represent",
            shown(wrong[0]),
            "Correct the name, and export again.",
        )
    index = {name: position for position, name in enumerate(names)}
    negative = options.not_listed != "unknown"
    rows, classes, values = [], [], []
    num_contradictions, first = 0, ""
    for row, image in enumerate(joined):
        counts: dict[int, int] = {}
        for chosen in image.chosen:
            for name in chosen & index.keys():
                counts[index[name]] = counts.get(index[name], 0) + 1
        labels = dict.fromkeys(counts, 1)
        for position, count in counts.items():
            if negative and count < len(image.chosen):
                labels[position] = _LABEL.get(options.disagreement, -1)
                num_contradictions += 1
                first = first or f"{names[position]!r} of {image.name}, {unit} {image.number}"
        says_nothing = any(nothing & set(map(fold, chosen)) for chosen in image.chosen) and not counts
        others = 0 if image.is_checked and (negative or says_nothing) else -1
        if others == 0 or negative:
            labels.update({position: others for position in range(len(names)) if position not in labels})
        rows += [row] * len(labels)
        classes += list(labels)
        values += list(labels.values())
    if num_contradictions and options.disagreement == "raise":
        raise table_error(
            description.path,
            description.layout,
            "one label per image and class",
            f"{counted(num_contradictions, 'contradictory label')}, first {first},",
            "Correct them, or say --disagreement unknown, positive or negative.",
        )
    if num_contradictions and options.disagreement == "unknown":
        description.guess(
            f"{counted(num_contradictions, 'label')} unknown because annotators disagree, first {first}",
            "--disagreement",
        )
    store = build_label_store(
        rows, classes, values, [image.name for image in joined], names, 0 if negative else -1
    )
    _describe(store, joined, negative, options, description)
    groups = (
        None if options.group_column is None else [image.group or f"row {image.number}" for image in joined]
    )
    return store, np.array([image.number for image in joined], dtype=np.int64), groups, description


def _joined(images: Sequence[CheckedImage]) -> list[CheckedImage]:
    by_name: dict[str, CheckedImage] = {}
    for image in images:
        earlier = by_name.setdefault(image.name, image)
        if earlier is not image:
            earlier.chosen = earlier.chosen + image.chosen
            earlier.is_checked = earlier.is_checked or image.is_checked
    return list(by_name.values())


def _describe(
    store: LabelStore,
    images: Sequence[CheckedImage],
    negative: bool,
    options: TableOptions,
    description: TableDescription,
) -> None:
    description.num_rows = len(images)
    description.columns += class_descriptions(store)
    checked = sum(image.is_checked for image in images)
    empty = sum(image.is_checked and not any(image.chosen) for image in images)
    if options.not_listed is None and negative:
        description.guess(
            f"in the checked images ({checked:,}, {empty:,} of them without a class), the classes that were "
            "not named are negative",
            "--not-listed unknown",
        )
    if checked < len(images):
        description.guess(
            f"{counted(len(images) - checked, 'image')} not checked: all of their classes are unknown",
            "--checked",
        )
