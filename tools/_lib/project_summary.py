"""Printed summary of a project: the table, the images, the parts, the advice and the next command."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from mmpretrain_imbalance.apis.project.new_project import NewProject
from mmpretrain_imbalance.apis.project.update_project import ProjectUpdate
from mmpretrain_imbalance.datasets import ImageProblem, LabelCounts
from mmpretrain_imbalance.datasets.tables import TableDescription

_MOST_ROWS = 40  # of a table with one row per class
_MOST_LINES = 10  # of a list of classes
_WORDS = {1: "positive", 0: "negative", -1: "unknown"}


def print_new_project(console: Console, project: NewProject) -> None:
    """Print everything that was understood of the images and labels, and the next command.

    Args:
        console: Console without markup.
        project: The project.
    """
    print_images(console, project.images.left_out, len(project.files.unnamed), len(project.images.rows))
    print_parts(console, project.images.labels.class_names, project.split.counts, project.split.rows)
    for found in project.split.unmeasurable[:_MOST_LINES]:
        console.print(
            f"{found.class_name} cannot be measured on {found.part} ({found.positives} known positives, "
            f"{found.negatives} known negatives): {found.reason}."
        )
    if len(project.split.unmeasurable) > _MOST_LINES:
        console.print(f"and {len(project.split.unmeasurable) - _MOST_LINES} more such classes")
    console.print(f"\nMethod: {project.advice.method}; then try {project.advice.second}.")
    for reason in project.advice.reasons:
        console.print(f"  {reason}")
    if project.method != project.advice.method:
        console.print(f"  The config has {project.method}, as --method says.")
    weights = "pretrained weights" if project.has_weights else "random weights"
    console.print(
        f"Model: {project.backbone.name} with {weights}, {project.backbone.in_channels} features, images of "
        f"{project.backbone.image_size} pixels."
    )
    console.print(f"\nWrote {project.folder}. README.md in it has all commands. The next one:")
    console.print(f"  {_command('train.py')} {shlex.quote(str(project.folder / 'config.py'))}")


def print_update(console: Console, update: ProjectUpdate) -> None:
    """Print the changes of a project, and the next command.

    Args:
        console: Console without markup.
        update: The changes.
    """
    num_unnamed = 0 if update.files is None else len(update.files.unnamed)
    print_images(console, update.left_out, num_unnamed, len(update.labels))
    print_parts(console, update.labels.class_names, update.counts, update.rows)
    new = ", ".join(f"{number} in {part}" for part, number in update.new_images.items())
    console.print(f"\nNew images: {new}. Images that the table no longer names: {update.removed_images}.")
    changed = ", ".join(
        f"{number} from {_WORDS[old]} to {_WORDS[now]}"
        for (old, now), number in sorted(update.changed_labels.items())
    )
    console.print(f"Changed labels: {changed or 'none'}.")
    if update.num_corrections:
        console.print(f"{update.num_corrections} labels differ from the table, as in corrections.csv.")
    if update.advice.method != update.method:
        console.print(
            f"The advice for these labels is {update.advice.method}; config.py still has {update.method}."
        )
    console.print(f"The earlier annotation files are in {update.earlier_version}. The next command:")
    console.print(f"  {_command('train.py')} {shlex.quote(str(update.folder / 'config.py'))}")


def print_table(console: Console, description: TableDescription) -> None:
    """Print how a table was understood: its columns, what was guessed, and how to overrule it."""
    console.print(description.summary)
    table = Table("column", "role", "cells")
    rows = description.table_rows()
    for row in rows[:_MOST_ROWS]:
        table.add_row(*row)
    console.print(table)
    if len(rows) > _MOST_ROWS:
        console.print(f"and {len(rows) - _MOST_ROWS} more columns or classes")
    for line in description.guess_lines():
        console.print(line)


def print_images(
    console: Console, left_out: Mapping[str, Sequence[ImageProblem]], num_unnamed: int, num_images: int
) -> None:
    """Print the number of images, and what was left out or joined."""
    console.print(f"\n{num_images:,} images can be used.")
    for kind, problems in left_out.items():
        number = f"1 {kind.rstrip('s')}" if len(problems) == 1 else f"{len(problems):,} {kind}"
        console.print(f"{number}, such as {problems[0].name!r}: {problems[0].reason}")
    if num_unnamed:
        console.print(f"{num_unnamed:,} images of the folder are not in the table.")


def print_parts(
    console: Console,
    class_names: Sequence[str],
    counts: Mapping[str, LabelCounts],
    rows: Mapping[str, np.ndarray],
) -> None:
    """Print the known positives and negatives of each class in each part."""
    table = Table("class", *(f"{part} ({len(of_part):,} images)" for part, of_part in rows.items()))
    order = np.argsort(-sum(of_part.positives for of_part in counts.values()), kind="stable")
    for index in order[:_MOST_ROWS]:
        cells = [
            f"{of_part.positives[index]:,} + / {of_part.negatives[index]:,} -" for of_part in counts.values()
        ]
        table.add_row(class_names[index], *cells)
    console.print(table)
    if len(order) > _MOST_ROWS:
        console.print(f"and {len(order) - _MOST_ROWS} classes with fewer positives")


def _command(tool: str) -> str:
    path = Path(__file__).resolve().parents[1] / tool
    try:
        path = path.relative_to(Path.cwd())
    except ValueError:
        pass
    return f"python {shlex.quote(str(path))}"
