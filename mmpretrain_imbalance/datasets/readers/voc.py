"""Reader of image labels of Pascal VOC, with a separate label for difficult objects."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from mmpretrain.datasets.categories import VOC2007_CATEGORIES

from ...functional.labels import LABEL_WORDS
from ...utils.argument_checks import check_choice
from ..annotations.errors import AnnotationErrors
from ..annotations.label_rows import LabelRows, handle_errors, parts_of_images
from .coco import strongest_label
from .image_lists import read_listed_images


def read_voc(
    root: str | os.PathLike[str], split: str, *, difficult: str = "unknown", skip_malformed: bool = False
) -> LabelRows:
    """Read a split of VOC 2007 or 2012: classes with objects are positive, all others negative.

    Args:
        root: Folder with ``Annotations`` and ``ImageSets``, such as ``VOCdevkit/VOC2007``.
        split: Name of a list in ``ImageSets/Main``, such as ``'trainval'``.
        difficult: Label of a class whose objects in the image are all marked as difficult: ``'unknown'`` (as
            in the evaluation of the challenge), ``'positive'`` or ``'negative'``.
        skip_malformed: Whether to leave out and count malformed images instead of raising. The class of a
            malformed object is then unknown. If an object has no valid class, all classes without other
            objects in its image are unknown.

    Returns:
        The labels; image names are those of ``JPEGImages``.

    Raises:
        FileNotFoundError: If the list or an annotation is missing.
        ValueError: If an argument is invalid or an annotation is malformed.
    """
    check_choice("read_voc", tuple(LABEL_WORDS), difficult=difficult)
    root = Path(root)
    listing = root / "ImageSets" / "Main" / f"{split}.txt"
    if not listing.is_file():
        raise FileNotFoundError(f"The list of a VOC split must be an existing file. Got {listing} instead.")
    notes: dict[str, int] = {}
    list_errors = AnnotationErrors(str(listing))
    names = list(read_listed_images(listing, list_errors))
    handle_errors(list_errors, skip_malformed, notes)
    index = {name: number for number, name in enumerate(VOC2007_CATEGORIES)}

    def images() -> Iterator[tuple[str, list[int], list[int]]]:
        errors = AnnotationErrors(str(root / "Annotations"))
        for name in names:
            row: dict[int, int] = {}
            rest = 0
            objects = _objects(root / "Annotations" / f"{name}.xml", listing.name, errors)
            for number, item in enumerate(objects or ()):
                where, hard = f"object {number} of {name}.xml", item.findtext("difficult", "0").strip()
                class_index = index.get((item.findtext("name") or "").strip())
                label = {"0": 1, "1": LABEL_WORDS[difficult]}.get(hard, -1)
                if hard not in ("0", "1"):
                    errors.add(where, "difficult", "0 or 1", hard)
                if class_index is None:
                    errors.add(where, "name", "one of the 20 classes", item.findtext("name"))
                    rest = -1  # it may be of any class
                else:
                    row[class_index] = strongest_label(label, row.get(class_index, 0))
            if objects is not None:
                labels = [strongest_label(rest, row.get(number, 0)) for number in index.values()]
                yield f"{name}.jpg", list(index.values()), labels
        handle_errors(errors, skip_malformed, notes)

    parts = parts_of_images(images())
    return LabelRows(
        VOC2007_CATEGORIES, parts, default_label=0, num_images=len(names), notes=notes, source=listing
    )


def _objects(path: Path, listing: str, errors: AnnotationErrors) -> list[ElementTree.Element] | None:
    try:
        return ElementTree.parse(path).findall("object")
    except FileNotFoundError:
        expected = f"present, because {listing} names it"
        errors.add(path.name, "file", expected, "no such file", in_words=True)
    except (OSError, ValueError) as error:  # such as a name that no file can have
        reason = getattr(error, "strerror", None) or str(error)
        errors.add(path.name, "file", f"readable, because {listing} names it", reason, in_words=True)
    except ElementTree.ParseError as error:
        errors.add(path.name, "content", "complete XML", str(error))
    return None
