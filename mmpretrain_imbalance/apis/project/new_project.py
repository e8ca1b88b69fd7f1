"""New project from a table of labels and a folder of images."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...datasets.image_files import ImageFiles, find_images, write_image_problems
from ...datasets.label_store.store import LabelStore
from ...datasets.split_labels import LabelSplit, split_labels
from ...datasets.tables import TableDescription, read_label_table
from ...functional.method_advice import MethodAdvice, advise_method
from ...utils.argument_checks import check_choice, check_integer, check_interval
from ...utils.checkpoint_files import write_checkpoint
from ..store_figures import positives_per_image
from .backbone_choice import BackboneChoice, choose_backbone
from .backbone_weights import fetch_weights, read_weights
from .base_configs import base_paths, copy_base_configs, method_names
from .method_settings import method_settings
from .project_config import WEIGHTS_FILE, TrainingSettings, project_config
from .project_folder import check_absent, whole_folder, write_settings
from .project_labels import write_part
from .project_readme import project_readme
from .usable_images import UsableImages, problem_folder_of, usable_images

_NAME = "new_project"


@dataclass(frozen=True)
class NewProject:
    """Project of :func:`new_project`, and everything that was understood.

    Attributes:
        folder: Folder of the project.
        table: How the table was understood.
        files: The images of the rows of the table.
        images: The images of the project with their labels.
        split: Rows of ``images.labels`` in each part, with their label counts.
        annotation_files: File of each part, in the folder.
        advice: Advice for the method.
        method: Name of the method in the config.
        backbone: The backbone in the config.
        has_weights: Whether the backbone starts from pretrained weights.
    """

    folder: Path
    table: TableDescription
    files: ImageFiles
    images: UsableImages
    split: LabelSplit
    annotation_files: dict[str, str]
    advice: MethodAdvice
    method: str
    backbone: BackboneChoice
    has_weights: bool


def new_project(
    table: str | os.PathLike[str],
    images: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    model: str = "resnet50",
    weights: str | os.PathLike[str] | None = None,
    method: str | None = None,
    image_size: int | None = None,
    batch_size: int = 32,
    max_epochs: int = 30,
    learning_rate: float = 3e-4,
    val_fraction: float = 0.2,
    test_fraction: float = 0.0,
    seed: int = 0,
    skip_bad_images: Sequence[str] = (),
    progress: bool = False,
    on_table: Callable[[TableDescription], None] | None = None,
    **table_options: Any,
) -> NewProject:
    """Make a project that can be trained, from a table of labels and a folder of images.

    The folder gets an annotation file for each part, ``config.py``, the base configs that it inherits from,
    ``README.md`` with the commands that come next, and ``project.json``. It is complete or does not exist,
    and nothing is overwritten.

    Args:
        table: The table, in a format that :func:`read_label_table` reads.
        images: Folder of the images.
        out: Folder of the project, which must not exist.
        model: Name of the backbone: a network of ``mmpretrain.list_models``, the first part of its name, or
            ``timm/NAME``.
        weights: File with weights of the backbone, ``'none'`` to start from random weights, or None for the
            published weights, which are downloaded.
        method: Name of a file in ``configs/_base_/methods``; None for the method that
            :func:`advise_method` chooses.
        image_size: Height and width of the training images; None for those of the published network.
        batch_size: Images per step and GPU.
        max_epochs: Number of epochs.
        learning_rate: Learning rate of the backbone in the first epoch; that of the head is ten times as
            large.
        val_fraction: Fraction of the images for validation.
        test_fraction: Fraction of the images for the test; 0 for no test set.
        seed: Seed of the split.
        skip_bad_images: Kinds of images to go on without: 'missing', 'ambiguous', 'unreadable', 'repeated'
            and 'duplicates'. Other problems raise an error.
        progress: Whether to show the progress of reading.
        on_table: Function that gets the description of the table as soon as it is read, to show it also if
            the images have problems.
        **table_options: Options of :func:`read_label_table`, such as ``image_column``, ``ignore`` or ``yes``.

    Returns:
        The project and everything that was understood.

    Raises:
        ConnectionError: If the published weights cannot be fetched.
        FileExistsError: If the folder of the project exists.
        FileNotFoundError: If the table, the image folder or the file of weights does not exist.
        ValueError: If an argument is invalid, the table cannot be understood, images have problems that are
            not skipped, or there is no such network.
    """
    folder = Path(out)
    check_absent(folder)
    if not os.path.isdir(images):
        raise FileNotFoundError(
            f"The 'images' argument of {_NAME} must be an existing folder. Got {os.fspath(images)!r} instead."
        )
    check_interval(_NAME, "(0, 1)", val_fraction=val_fraction)
    check_interval(_NAME, "[0, 1)", test_fraction=test_fraction)
    check_interval(_NAME, "(0, inf)", learning_rate=learning_rate)
    check_integer(_NAME, 1, batch_size=batch_size, max_epochs=max_epochs)
    if image_size is not None:
        check_integer(_NAME, 1, image_size=image_size)
    if method is not None:
        check_choice(_NAME, method_names(), method=method)
    labels = read_label_table(table, progress=progress, **table_options)
    if on_table is not None:
        on_table(labels.description)
    backbone = choose_backbone(model, image_size)
    tensors = _weights(weights, backbone)
    files = find_images(
        image_names(labels.labels), images, row_numbers=labels.rows.tolist(), progress=progress
    )
    usable = usable_images(
        labels.labels, files, labels.groups, skip_bad_images, table, problem_folder_of(folder)
    )
    fractions = part_fractions(val_fraction, test_fraction)
    split = split_labels(usable.labels, fractions, usable.groups, seed)
    train = split.counts["train"]
    advice = advise_method(
        train.positives,
        train.negatives,
        train.unknown,
        positives_per_image(usable.labels, split.rows["train"]),
    )
    chosen = method or advice.method
    changes = advice.loss if chosen == advice.method else {}
    settings_of_method = method_settings(chosen, advice.figures, changes)
    settings = TrainingSettings(
        image_size=backbone.image_size,
        batch_size=batch_size,
        max_epochs=max_epochs,
        learning_rate=learning_rate,
        num_workers=min(4, os.cpu_count() or 1),
    )
    with whole_folder(folder) as beside:
        annotation_files = {
            part: write_part(usable.labels, rows, beside, part) for part, rows in split.rows.items()
        }
        text = project_config(
            table=os.path.basename(table),
            image_folder=os.path.abspath(images),
            annotation_files=annotation_files,
            num_classes=usable.labels.num_classes,
            num_images=len(split.rows["train"]),
            backbone=backbone,
            has_weights=tensors is not None,
            method=settings_of_method,
            settings=settings,
        )
        (beside / "config.py").write_text(text, encoding="utf-8")
        copy_base_configs(base_paths(chosen), beside)
        if tensors is not None:
            write_checkpoint(beside / WEIGHTS_FILE, {"state_dict": tensors})
        options = dict(
            model=backbone.name,
            weights=None if weights is None else os.path.abspath(weights) if tensors is not None else "none",
            image_size=image_size,
            batch_size=batch_size,
            max_epochs=max_epochs,
            learning_rate=learning_rate,
            val_fraction=val_fraction,
            test_fraction=test_fraction,
            seed=seed,
            skip_bad_images=skip_bad_images or None,
            **table_options,
        )
        readme = project_readme(
            folder, table, images, annotation_files, split.counts, advice, chosen, options
        )
        (beside / "README.md").write_text(readme, encoding="utf-8")
        write_image_problems(usable.left_out, beside / "image_problems")
        write_settings(
            beside,
            {
                "table": os.path.abspath(table),
                "images": os.path.abspath(images),
                "table_options": {name: _json_value(value) for name, value in table_options.items()},
                "skip_bad_images": list(skip_bad_images),
                "fractions": fractions,
                "seed": seed,
                "annotation_files": annotation_files,
                "model": backbone.name,
                "method": chosen,
            },
        )
    return NewProject(
        folder=folder,
        table=labels.description,
        files=files,
        images=usable,
        split=split,
        annotation_files=annotation_files,
        advice=advice,
        method=chosen,
        backbone=backbone,
        has_weights=tensors is not None,
    )


def image_names(labels: LabelStore) -> list[str]:
    """Return the names of all images of a label store."""
    return [labels.image_name(row) for row in range(len(labels))]


def part_fractions(val_fraction: float, test_fraction: float) -> dict[str, float]:
    """Return the fraction of the images in each part, by its name.

    Args:
        val_fraction: Fraction for validation.
        test_fraction: Fraction for the test; 0 for no test set.

    Returns:
        The fractions, whose sum is 1.

    Raises:
        ValueError: If nothing is left for training.
    """
    rest = 1 - val_fraction - test_fraction
    if rest <= 0:
        raise ValueError(
            f"The 'val_fraction' and 'test_fraction' arguments of {_NAME} must have a sum below 1. Got "
            f"{val_fraction} and {test_fraction} instead."
        )
    fractions = dict(train=rest, val=val_fraction, test=test_fraction)
    return {part: fraction for part, fraction in fractions.items() if fraction > 0}


def _weights(weights: str | os.PathLike[str] | None, backbone: BackboneChoice) -> Mapping[str, Any] | None:
    if weights is None:
        return fetch_weights(backbone)
    return None if os.fspath(weights) == "none" else read_weights(weights, backbone)


def _json_value(value: Any) -> Any:
    return list(value) if isinstance(value, (list, tuple, set)) else value
