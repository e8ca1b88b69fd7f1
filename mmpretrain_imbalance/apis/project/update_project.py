"""Update of a project from a corrected table, or from a table of corrections of single labels.

Images keep their part, and new images are stratified in.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...datasets.annotations.corrections import Correction, apply_corrections
from ...datasets.image_files import ImageFiles, ImageProblem, find_images
from ...datasets.label_store.build import StoreParts, select_classes
from ...datasets.label_store.counts import LabelCounts
from ...datasets.label_store.store import LabelStore
from ...datasets.split_labels import split_labels
from ...datasets.tables import TableDescription, read_label_table
from ...functional.method_advice import MethodAdvice, advise_method
from ...utils.files import atomic_write
from ...utils.unfinished import unfinished
from ..store_figures import positives_per_image
from .correction_table import is_correction_table, read_correction_table
from .new_project import image_names
from .project_corrections import (
    CORRECTIONS_FILE,
    add_corrections,
    read_project_corrections,
    valid_corrections,
    write_project_corrections,
)
from .project_folder import read_settings, write_settings
from .project_labels import known_labels, read_part, select_images, write_part
from .usable_images import UsableImages, problem_folder_of, usable_images

#: Folder of the earlier annotation files, in the project.
VERSIONS_FOLDER = "versions"
_NAME = "update_project"


@dataclass(frozen=True)
class ProjectUpdate:
    """Result of :func:`update_project`.

    Attributes:
        folder: Folder of the project.
        table: How the table was understood; None for a table of corrections.
        files: The images of the rows of the table; None for a table of corrections.
        left_out: Problems of the rows that are left out or joined, by their kind.
        labels: The labels of all images of the project.
        rows: Rows of ``labels`` in each part.
        counts: Label counts of each part.
        new_images: Number of new images in each part.
        removed_images: Number of images that the table no longer names.
        changed_labels: Number of changed labels of the other images, by the earlier and the new label.
        num_corrections: Number of labels that differ from the table because they were corrected one by one.
        earlier_version: Folder of the earlier annotation files.
        advice: Advice for the method.
        method: The method of the project, which does not change.
    """

    folder: Path
    table: TableDescription | None
    files: ImageFiles | None
    left_out: dict[str, list[ImageProblem]]
    labels: LabelStore
    rows: dict[str, np.ndarray]
    counts: dict[str, LabelCounts]
    new_images: dict[str, int]
    removed_images: int
    changed_labels: dict[tuple[int, int], int]
    num_corrections: int
    earlier_version: Path
    advice: MethodAdvice
    method: str


def update_project(
    table: str | os.PathLike[str],
    out: str | os.PathLike[str],
    images: str | os.PathLike[str] | None = None,
    *,
    skip_bad_images: Sequence[str] | None = None,
    progress: bool = False,
    on_table: Callable[[TableDescription], None] | None = None,
    **table_options: Any,
) -> ProjectUpdate:
    """Read a corrected table into a project.

    The table is that of the project with other labels, or more or fewer images; or it is a table with the
    columns ``image``, ``class`` and ``correct``, such as that of ``tools/suspects.py`` after a person has
    filled it in, whose corrections replace single labels.

    The project remembers single corrections in ``corrections.csv``. A later update from the table keeps them,
    except where the table itself has changed the label since.

    An image that the project has stays in its part. New images are split by the fractions of the project; an
    image whose group is in a part goes to that part. The earlier annotation files are kept in
    ``versions/NUMBER``. ``config.py`` stays as it is, except for the number of training images, if its loss
    needs that.

    Args:
        table: The corrected table, with the classes of the project, or the table of corrections.
        out: Folder of the project.
        images: Folder of the images; None for that of the project.
        skip_bad_images: As in :func:`new_project`; None for those of the project.
        progress: Whether to show the progress of reading.
        on_table: As in :func:`new_project`.
        **table_options: Options of :func:`read_label_table` that differ from those of the project.

    Returns:
        The changes.

    Raises:
        FileNotFoundError: If the folder is not a project, or the table does not exist.
        ValueError: If the table has other classes than the project, cannot be understood, or images have
            problems that are not skipped.
    """
    folder = Path(out).resolve()
    settings = read_settings(folder)
    if images is not None and os.path.abspath(images) != settings["images"]:
        raise ValueError(
            f"The 'images' argument of {_NAME} must be the folder of the project, {settings['images']}. Got "
            f"{os.fspath(images)!r} instead. If the images were moved, change 'images' in project.json and "
            "image_folder in config.py."
        )
    earlier = {part: read_part(folder / file) for part, file in settings["annotation_files"].items()}
    part_of_image = {name: part for part, store in earlier.items() for name in image_names(store)}
    corrections = read_project_corrections(folder)
    description, files, left_out = None, None, {}
    if is_correction_table(table):
        before, new = _joined(list(earlier.values())), read_correction_table(table)
        labels = apply_corrections(before, new)
        corrections = add_corrections(corrections, new, before)
        parts = np.array([part_of_image[name] for name in image_names(labels)])
    else:
        options = {**settings["table_options"], **table_options}
        skip = settings["skip_bad_images"] if skip_bad_images is None else skip_bad_images
        label_table = read_label_table(table, progress=progress, **options)
        description = label_table.description
        if on_table is not None:
            on_table(description)
        labels = _with_classes_of(label_table.labels, earlier["train"], table)
        files = find_images(
            image_names(labels),
            settings["images"],
            row_numbers=label_table.rows.tolist(),
            progress=progress,
        )
        usable = usable_images(labels, files, label_table.groups, skip, table, problem_folder_of(folder))
        corrections = valid_corrections(corrections, usable.labels)
        labels, left_out = apply_corrections(usable.labels, corrections), usable.left_out
        parts = _parts(usable, part_of_image, settings["fractions"], settings["seed"])
    rows = {part: np.flatnonzero(parts == part) for part in earlier}
    for part, of_part in rows.items():
        if not len(of_part):
            raise ValueError(f"The table {table} must name images of the part {part!r}. Got none instead.")
    is_new = np.array([name not in part_of_image for name in image_names(labels)], dtype=bool)
    counts = {part: labels.label_counts(of_part) for part, of_part in rows.items()}
    version = _replace_files(folder, labels, rows, settings, corrections)
    _update_num_images(folder / "config.py", len(rows["train"]))
    train = counts["train"]
    return ProjectUpdate(
        folder=folder,
        table=description,
        files=files,
        left_out=left_out,
        labels=labels,
        rows=rows,
        counts=counts,
        new_images={part: int(is_new[of_part].sum()) for part, of_part in rows.items()},
        removed_images=len(part_of_image) - int((~is_new).sum()),
        changed_labels=_changed_labels(earlier, labels),
        num_corrections=sum(found.correct != found.label for found in corrections),
        earlier_version=version,
        advice=advise_method(
            train.positives,
            train.negatives,
            train.unknown,
            positives_per_image(labels, rows["train"]),
        ),
        method=settings["method"],
    )


def _joined(stores: Sequence[LabelStore]) -> LabelStore:
    first = stores[0]
    parts = StoreParts(first.class_names, first.default_label)
    for store in stores:
        rows = np.arange(len(store))
        parts.add(*store.elements(rows), num_images=len(store))
        parts.add_names(store, rows)
    return parts.finish()


def _with_classes_of(labels: LabelStore, earlier: LabelStore, table: str | os.PathLike[str]) -> LabelStore:
    expected, found_names = dict.fromkeys(earlier.class_names), dict.fromkeys(labels.class_names)
    missing = [name for name in expected if name not in found_names]
    more = [name for name in found_names if name not in expected]
    if missing or more:
        found = f"no class {missing[0]!r}" if missing else f"the additional class {more[0]!r}"
        remedy = "" if missing else f" Leave a column out with --ignore {more[0]!r}, or make"
        raise ValueError(
            f"The table {table} must have the classes of the project. Got {found} instead."
            f"{remedy or ' Make'} a new project for other classes."
        )
    return select_classes(labels, earlier.class_names)


def _parts(
    usable: UsableImages, part_of_image: dict[str, str], fractions: dict[str, float], seed: int
) -> np.ndarray:
    """Return the name of the part of each image."""
    names = image_names(usable.labels)
    parts: list[str | None] = [part_of_image.get(name) for name in names]
    groups: Sequence[Hashable] | None = usable.groups
    if groups is not None:
        part_of_group = {group: part for group, part in zip(groups, parts) if part is not None and group}
        parts = [part or part_of_group.get(group) for group, part in zip(groups, parts)]
    new = np.array([row for row, part in enumerate(parts) if part is None], dtype=np.int64)
    if len(new):
        labels = select_images(usable.labels, new, [names[row] for row in new])
        new_groups = None if groups is None else [groups[row] for row in new]
        try:
            split = split_labels(labels, fractions, new_groups, seed).rows
        except ValueError:  # fewer images or groups than parts
            split = {"train": np.arange(len(new))}
        for part, rows in split.items():
            for row in rows:
                parts[new[row]] = part
    return np.array(parts)


def _changed_labels(earlier: dict[str, LabelStore], labels: LabelStore) -> dict[tuple[int, int], int]:
    new = known_labels(labels)
    changes: dict[tuple[int, int], int] = {}
    for store in earlier.values():
        for name, old_row in known_labels(store).items():
            if name in new:
                differs = old_row != new[name]
                for old, now in zip(old_row[differs].tolist(), new[name][differs].tolist()):
                    changes[old, now] = changes.get((old, now), 0) + 1
    return changes


def _replace_files(
    folder: Path,
    labels: LabelStore,
    rows: dict[str, np.ndarray],
    settings: dict[str, Any],
    corrections: Sequence[Correction],
) -> Path:
    """Write the new annotation files beside, copy the old ones into a version, and replace them."""
    files = settings["annotation_files"]
    with unfinished(folder / "update", is_folder=True) as beside:
        new_files = {part: write_part(labels, of_part, beside, part) for part, of_part in rows.items()}
        if new_files != files:
            raise ValueError(
                f"The labels must be written into the files of the project, {', '.join(files.values())}. Got "
                f"{', '.join(new_files.values())} instead. Make a new project for so many labels."
            )
        versions = folder / VERSIONS_FOLDER
        numbers = [int(path.name) for path in versions.glob("*") if path.name.isdigit()]
        version = versions / str(max(numbers, default=0) + 1)
        kept = beside / "earlier"
        kept.mkdir()
        for file in (*files.values(), CORRECTIONS_FILE):
            if (folder / file).is_dir():
                shutil.copytree(folder / file, kept / file)
            elif (folder / file).is_file():
                shutil.copy2(folder / file, kept / file)
        versions.mkdir(exist_ok=True)
        kept.rename(version)
        write_project_corrections(folder, corrections)
        for file in files.values():
            if (folder / file).is_dir():
                shutil.rmtree(folder / file)
            os.replace(beside / file, folder / file)
    write_settings(
        folder, {key: value for key, value in settings.items() if key not in ("format", "version")}
    )
    return version


def _update_num_images(config: Path, num_images: int) -> None:
    text = config.read_text(encoding="utf-8")
    new = re.sub(r"^(num_images = )\d+", rf"\g<1>{num_images}", text, flags=re.M)
    if new != text:
        with atomic_write(config) as file:
            file.write(new)
