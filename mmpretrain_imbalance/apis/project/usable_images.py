"""Images of a table that a project can use: problems stop it, unless their kinds are to be skipped."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...datasets.image_files import ImageFiles, ImageProblem, join_image_rows, write_image_problems
from ...datasets.label_store.store import LabelStore
from ...utils.argument_checks import check_choice
from .project_labels import select_images

#: Kinds of images that a project leaves out only if told to.
PROBLEM_KINDS = ("missing", "ambiguous", "unreadable", "repeated", "duplicates")


@dataclass(frozen=True)
class UsableImages:
    """Images of a project with their labels.

    Attributes:
        labels: The labels; the name of an image is its path in the image folder.
        rows: Row of the table of each image, of shape (N,).
        groups: Group of each image; None if there are no groups.
        left_out: Problems of the rows that are left out or joined, by their kind.
    """

    labels: LabelStore
    rows: np.ndarray
    groups: list[str] | None
    left_out: dict[str, list[ImageProblem]]


def usable_images(
    labels: LabelStore,
    files: ImageFiles,
    groups: Sequence[str] | None,
    skip: Sequence[str],
    table: str | os.PathLike[str],
    problem_folder: Path,
) -> UsableImages:
    """Select the rows of a table whose image can be used.

    Args:
        labels: The labels of all rows.
        files: The images of the rows.
        groups: Group of each row.
        skip: Kinds of problems to skip, from ``PROBLEM_KINDS``. Rows without a usable image are left out.
            Repeated images and duplicates are joined into the first of their rows; contradictory labels
            become unknown.
        table: Path of the table, for the message.
        problem_folder: Folder for a CSV file of each kind of problems that is not skipped.

    Returns:
        The images.

    Raises:
        ValueError: If there are problems that are not skipped, or no image is left.
    """
    for kind in skip:
        check_choice("new_project", PROBLEM_KINDS, skip_bad_images=kind)
    found = {
        kind: problems for kind, problems in files.problems.items() if kind in PROBLEM_KINDS and problems
    }
    stopping = {kind: problems for kind, problems in found.items() if kind not in skip}
    if stopping:
        written = write_image_problems(stopping, problem_folder)
        numbers = ", ".join(f"{len(problems):,} {kind}" for kind, problems in stopping.items())
        first = next(iter(stopping.values()))[0]
        kinds = "" if set(stopping) == set(PROBLEM_KINDS) else " " + " ".join(stopping)
        raise ValueError(
            f"The images of {table} must be found, readable and different. Got {numbers} instead; the first "
            f"is {first.name!r} in row {first.number}: {first.reason}. All of them are listed in "
            f"{', '.join(map(str, written.values()))}. Correct the table or the folder, or go on without "
            f"these images with --skip-bad-images{kinds}."
        )
    left_out = dict(found)
    labels, rows, contradictions = join_image_rows(labels, files, by_content=bool(files.duplicates))
    if contradictions:
        left_out["contradictions"] = contradictions
    kept = np.flatnonzero(files.usable[rows])
    if not len(kept):
        first = next(iter(found.values()))[0]
        raise ValueError(
            f"The table {table} must name images of the folder. Got none that can be used instead; the first "
            f"is {first.name!r} in row {first.number}: {first.reason}."
        )
    names = [path for row in rows[kept] if (path := files.paths[row]) is not None]
    return UsableImages(
        labels=select_images(labels, kept, names),
        rows=rows[kept],
        groups=None if groups is None else [groups[row] for row in rows[kept]],
        left_out=left_out,
    )


def problem_folder_of(folder: Path) -> Path:
    """Return the folder for lists of image problems, beside that of the project."""
    return folder.with_name(f"{folder.name}-problems")
