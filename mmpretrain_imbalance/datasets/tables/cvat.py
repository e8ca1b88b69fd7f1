"""XML exports of CVAT for images, alone or in an archive."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import numpy as np

from ..label_store.store import LabelStore
from .description import ColumnDescription, TableDescription, counted
from .export_labels import CheckedImage, labels_of_export
from .image_names import with_slashes
from .table_options import TableOptions
from .table_source import table_error

_FORMAT = "CVAT export"
_ENCRYPTED = 1  # bit of a file in an archive
_DAMAGED = (
    ElementTree.ParseError,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    OSError,
)


def read_cvat(
    path: str, is_archive: bool, options: TableOptions
) -> tuple[LabelStore, np.ndarray, list[str] | None, TableDescription]:
    """Read an export of CVAT in the format "CVAT for images 1.1".

    Tags and shapes are positive labels. The format lists every image of the task, annotated or not, and does
    not say which of them were looked at. By default these are the images with a tag or shape; the option
    ``checked`` also takes ``'all'``, or the numbers of the jobs that are finished.

    Source: https://docs.cvat.ai/docs/other/xml_format (format), group_by_frame in
    cvat/apps/dataset_manager/bindings.py of https://github.com/cvat-ai/cvat (images without annotation are
    listed, deleted ones are not).

    Args:
        path: The XML file, or an archive with one.
        is_archive: Whether the file is an archive.
        options: The options.

    Returns:
        Labels, number of each image, groups, and description.

    Raises:
        ValueError: If the file is not such an export.
    """
    description = TableDescription(path, "XML", _FORMAT)
    if options.group_column is not None:
        raise table_error(
            path, _FORMAT, "groups", "none: CVAT has no such column", "Leave out --group-column."
        )
    try:
        if is_archive:
            with zipfile.ZipFile(path) as archive:
                name = next(name for name in archive.namelist() if name.lower().endswith(".xml"))
                if archive.getinfo(name).flag_bits & _ENCRYPTED:
                    raise table_error(path, "XML", "no password", "an archive with one", "Unpack it first.")
                with archive.open(name) as file:
                    return _read(file, options, description)
        with open(path, "rb") as file:
            return _read(file, options, description)
    except _DAMAGED as error:
        raise table_error(
            path,
            "XML",
            "complete XML",
            f"an error: {error}",
            "The file is damaged or truncated: export it again.",
        ) from None
    except (UnicodeDecodeError, LookupError) as error:
        raise table_error(path, "XML", "text", str(error), "Export it again.") from None


def _read(
    file: Any, options: TableOptions, description: TableDescription
) -> tuple[LabelStore, np.ndarray, list[str] | None, TableDescription]:
    classes: list[str] = []
    jobs: dict[int, range] = {}
    images: list[CheckedImage] = []
    frames: list[int] = []
    for element in _elements(file, description.path):
        if element.tag == "meta":
            classes = [
                (label.findtext("name") or "").strip()
                for label in element.iter("label")
                if label.find("parent") is None
            ]
            jobs = dict(filter(None, map(_job, element.iter("segment"))))
        elif element.tag == "image":
            name = with_slashes(element.get("name") or "")
            if not name:
                raise table_error(
                    description.path,
                    _FORMAT,
                    "a name of every image",
                    f"none in image {len(images) + 1}",
                    "Export again.",
                )
            named = {child.get("label", "").strip() for child in element} - {""}
            images.append(CheckedImage(name, len(images) + 1, [named], bool(named)))
            frames.append(int(element.get("id") or 0) if (element.get("id") or "0").isdigit() else 0)
        elif element.tag == "track":
            raise table_error(
                description.path,
                "XML",
                "images with tags",
                "tracks of a video",
                'Export the task again, in the format "CVAT for images 1.1".',
            )
    if not images:
        raise table_error(
            description.path,
            "XML",
            "the images of a CVAT export",
            "no image",
            'Export the task in the format "CVAT for images 1.1".',
        )
    _set_checked(images, frames, jobs, options, description)
    description.columns.append(ColumnDescription("name", "image", reason=f"such as {images[0].name}"))
    return labels_of_export(images, [name for name in classes if name], options, description, unit="image")


def _elements(file: Any, path: str) -> Iterator[ElementTree.Element]:
    """Yield the children of the root when they are complete, and free their memory afterwards."""
    depth = 0
    root = None
    for event, element in ElementTree.iterparse(file, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if event == "start" and depth == 1:
            root = element
            if element.tag != "annotations":
                raise table_error(
                    path,
                    "XML",
                    "the images of a CVAT export",
                    f"the element <{element.tag}>",
                    'Export the task from CVAT in the format "CVAT for images 1.1".',
                )
        elif event == "end" and depth == 1:
            yield element
            if root is not None:
                root.clear()


def _job(segment: ElementTree.Element) -> tuple[int, range] | None:
    numbers = [segment.findtext(name) or "" for name in ("id", "start", "stop")]
    if not all(number.strip().isdigit() for number in numbers):
        return None
    job, start, stop = map(int, numbers)
    return job, range(start, stop + 1)


def _set_checked(
    images: list[CheckedImage],
    frames: list[int],
    jobs: dict[int, range],
    options: TableOptions,
    description: TableDescription,
) -> None:
    if options.checked == "all":
        for image in images:
            image.is_checked = True
    elif not isinstance(options.checked, str):
        chosen = [int(job) for job in options.checked]
        missing = [job for job in chosen if job not in jobs]
        if missing:
            raise table_error(
                description.path,
                _FORMAT,
                f"the job {missing[0]}",
                f"the jobs {', '.join(map(str, jobs)) or 'of none'}",
                "Name some of them with --checked.",
            )
        for image, frame in zip(images, frames):
            image.is_checked = image.is_checked or any(frame in jobs[job] for job in chosen)
    for image in images:
        image.chosen = image.chosen if image.is_checked else []
    empty = sum(not any(image.chosen) for image in images)
    if empty and options.checked == "annotated":
        shown = f" (this export has the jobs {', '.join(map(str, list(jobs)[:8]))})" if jobs else ""
        description.guess(
            f"{counted(empty, 'image')} without a tag or shape taken for not checked{shown}",
            "--checked all or --checked JOB ...",
        )
