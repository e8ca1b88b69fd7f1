"""Reader of image labels from instance files of COCO, and tools for files in this format."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable, Iterator
from typing import Any

from pycocotools.coco import COCO

from ...functional.labels import LABEL_WORDS
from ...utils.argument_checks import check_choice
from ...utils.found_values import is_text, shown
from ..annotations.content import RepeatedKeys, read_json, reject_repeated_keys
from ..annotations.errors import AnnotationErrors
from ..annotations.label_rows import LabelRows, handle_errors, parts_of_images

_PARTS = ("images", "annotations", "categories")
_STRENGTH = {0: 0, -1: 1, 1: 2}


def read_coco(
    annotations: str | os.PathLike[str],
    *,
    images_without_annotations: str = "keep",
    crowd: str = "positive",
    small_area: float = 0.0,
    small: str = "unknown",
    skip_malformed: bool = False,
) -> LabelRows:
    """Read an instances file of COCO 2014 or 2017: classes with objects are positive, all others negative.

    Two conventions are published: ``images_without_annotations='keep'`` gives 82,783 images of train2014 and
    40,504 images of val2014, ``'drop'`` gives the 82,081 and 40,137 images that have objects.

    Args:
        annotations: The JSON file.
        images_without_annotations: Whether to ``'keep'`` images without objects, as negative for all classes,
            or to ``'drop'`` them.
        crowd: Label of a class whose objects in the image are all marked as crowd: ``'positive'``,
            ``'negative'`` or ``'unknown'``.
        small_area: Objects with a smaller area in pixels are small.
        small: Label of a class whose objects in the image are all small.
        skip_malformed: Whether to skip and count malformed items instead of raising. The class of a malformed
            object is then unknown. If an object has no valid class, all classes without other objects in its
            image are unknown. If its image is not in the file, it may be of any image: its class, or without
            a valid class every class, is unknown in all images without other objects of that class, and a
            note counts these labels. Images with a malformed or repeated id or name are left out, with their
            objects.

    Returns:
        The labels, classes in the order of the category ids.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If an argument is invalid or the file is malformed.
    """
    check_choice("read_coco", ("keep", "drop"), images_without_annotations=images_without_annotations)
    check_choice("read_coco", tuple(LABEL_WORDS), crowd=crowd, small=small)
    path = os.fspath(annotations)
    if not os.path.isfile(path):
        raise FileNotFoundError(f"The instances file must be an existing file. Got {path} instead.")
    file = InstanceFile(path, lambda image: image.get("file_name"))
    notes: dict[str, int] = {}
    coco, num_classes = _index(file), len(file.categories)
    labels: dict[int | str, dict[int, int]] = {}
    for image in file.names:
        objects = coco.imgToAnns.get(image, ())
        if images_without_annotations == "drop" and not objects:
            continue
        row = labels[image] = {}
        may_be_of_any_class = False
        for item in objects:
            number = file.class_index(item["category_id"])
            if number is None:
                may_be_of_any_class = True
                continue
            where, is_crowd, area = f"annotation {item['id']}", item.get("iscrowd", 0), item.get("area")
            candidates = [LABEL_WORDS[crowd]] if is_crowd else [1]
            if is_crowd not in (0, 1):
                file.errors.add(where, "iscrowd", "0 or 1", is_crowd)
                candidates = [-1]
            elif small_area and not (type(area) in (int, float) and area >= 0):
                file.errors.add(where, "area", "a number of pixels", area)
                candidates = [-1]
            elif small_area and area < small_area:
                candidates.append(LABEL_WORDS[small])
            row[number] = strongest_label(weakest_label(*candidates), row.get(number, 0))
        if may_be_of_any_class:
            row.update({number: -1 for number in range(num_classes) if row.get(number, 0) == 0})
    file.finish(skip_malformed, notes)
    if len(labels) < len(file.names):
        notes["images without annotations dropped"] = len(file.names) - len(labels)
    lost = {number for _, number in file.lost}
    known = sorted(number for number in lost if number is not None)
    lost_classes = list(range(num_classes)) if None in lost else known
    more = f" and {len(file.lost) - 1} more" if len(file.lost) > 1 else ""
    first = f"{file.lost[0][0]}{more}" if file.lost else ""
    note = f"labels are unknown because the image of an object is not in the file: correct or delete {first}"

    def images() -> Iterator[tuple[str, list[int], list[int]]]:
        for image, row in labels.items():
            unknown = {number: -1 for number in lost_classes if row.get(number, 0) == 0}
            if unknown:
                notes[note] = notes.get(note, 0) + len(unknown)
            row = {**row, **unknown}
            yield file.names[image], list(row), list(row.values())

    names = [category["name"] for category in file.categories]
    parts = parts_of_images(images())
    return LabelRows(names, parts, default_label=0, num_images=len(labels), notes=notes, source=path)


class InstanceFile:
    """Instances file of COCO or LVIS; malformed categories raise, other errors are collected.

    Images with the same id or the same name are all left out, because their objects cannot be assigned.

    Args:
        path: A path or URL.
        name_of: Function that returns the name of an image from its item.

    Attributes:
        categories: The categories, in the order of their ids.
        names: Name of each valid image, by id, in the order of the file.
        items: Item of each valid image, by id.
        errors: The errors of images and objects.
        lost: Description and class index of each object whose image is not in the file, complete after all
            objects were read. The index is ``None`` if the class is not known either.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is not an instances file, or its categories are malformed.
    """

    def __init__(self, path: str, name_of: Callable[[dict[str, Any]], Any]) -> None:
        self.path, self.errors = path, AnnotationErrors(path)
        self._content = _parts_of_file(path)
        self.categories = self._read_categories()
        self._index = {category["id"]: number for number, category in enumerate(self.categories)}
        self.names: dict[int | str, str] = {}
        self.items: dict[int | str, dict[str, Any]] = {}
        self.lost: list[tuple[str, int | None]] = []
        self._left_out: set[int | str] = set()
        self._read_images(name_of)

    def class_index(self, category: Any) -> int | None:
        """Return the class index of a category id, or ``None`` if there is no such category."""
        return self._index.get(category) if type(category) is int else None

    def objects(self) -> Iterator[tuple[str, dict[str, Any], int | None]]:
        """Iterate over the objects of valid images.

        Yields:
            Description of the object for error messages, its item, and its class index, or ``None`` if the
            object has an unknown category or a repeated key, which is added to ``errors``.
        """
        for number, item in enumerate(self._content["annotations"]):
            where = f"annotation {shown(item['id']) if _has(item, 'id') else f'number {number}'}"
            is_valid = self._is_object(where, "annotations", item)
            certain = item.certain if isinstance(item, RepeatedKeys) else item if is_valid else {}
            image, index = certain.get("image_id"), self.class_index(certain.get("category_id"))
            if _is_id(image) and image in self.names:
                if is_valid and index is None:
                    found = item.get("category_id")
                    self.errors.add(where, "category_id", "the id of a category of the file", found)
                yield where, item, index if is_valid else None
            elif not _is_id(image) or image not in self._left_out:
                if is_valid:
                    self.errors.add(where, "image_id", "the id of an image of the file", image)
                self.lost.append((where, index))

    def finish(self, skip_malformed: bool, notes: dict[str, int]) -> None:
        """Raise the errors of the file, or note them if malformed items are skipped.

        Args:
            skip_malformed: Whether malformed items are skipped.
            notes: Dictionary to which the number of errors is added.

        Raises:
            ValueError: If there are errors that are not skipped, or no valid image.
        """
        handle_errors(self.errors, skip_malformed, notes)
        if not self.names:
            raise ValueError(f"The annotation file {self.path} must have images. Got no valid image instead.")

    def _read_images(self, name_of: Callable[[dict[str, Any]], Any]) -> None:
        id_of_name: dict[str, int | str] = {}
        for number, item in enumerate(self._content["images"]):
            if not self._is_object(f"image number {number}", "images", item):
                continue
            image = item.get("id")
            where = f"image {shown(image) if 'id' in item else f'number {number}'}"
            if not _is_id(image):
                self.errors.add(where, "id", "an integer or string that no other image has", image)
                continue
            name = name_of(item)
            if not is_text(name):
                self.errors.add(where, "name", "the file name or URL of an image", name)
                self._left_out.add(image)
            elif image in self.names or image in self._left_out:
                self.errors.add(f"image number {number}", "id", "an id that no image before it has", image)
                self._left_out.add(image)
            elif name in id_of_name:
                expected = f"a file name other than that of image {id_of_name[name]}"
                self.errors.add(where, "name", expected, name)
                self._left_out |= {image, id_of_name[name]}
            else:
                self.names[image], self.items[image], id_of_name[name] = name, item, image
        for image in self._left_out & set(self.names):
            del self.names[image], self.items[image]

    def _read_categories(self) -> list[dict[str, Any]]:
        errors = AnnotationErrors(self.path)
        seen: dict[str, set[Any]] = {"id": set(), "name": set()}
        for number, item in enumerate(self._content["categories"]):
            for key, kind, expected in (("id", int, "an integer"), ("name", str, "a class name")):
                where, found = f"category number {number}", item.get(key) if isinstance(item, dict) else item
                is_right = is_text(found) if kind is str else type(found) is int
                if not is_right or isinstance(item, RepeatedKeys):
                    errors.add(where, key, expected, found)
                elif found in seen[key]:
                    errors.add(where, key, f"{expected} that no category before it has", found)
                else:
                    seen[key].add(found)
        errors.raise_if_any()
        if not seen["id"]:
            raise ValueError(
                f"The annotation file {self.path} must have categories. Got no categories instead."
            )
        return sorted(self._content["categories"], key=lambda category: category["id"])

    def _is_object(self, where: str, part: str, item: Any) -> bool:
        if isinstance(item, RepeatedKeys):
            self.errors.add(where, item.repeated, "given once", "this key twice", in_words=True)
        elif not isinstance(item, dict):
            self.errors.add(where, part, "an object with an id", item)
        return isinstance(item, dict) and not isinstance(item, RepeatedKeys)


def strongest_label(*labels: int) -> int:
    """Combine the labels that several objects of an image give to a class.

    The class is positive if any object is positive, else unknown if any object is unknown, and else negative.

    Args:
        *labels: 1, 0 or -1, at least one.

    Returns:
        The combined label.

    Example:
        >>> strongest_label(0, -1), strongest_label(-1, 1, 0)
        (-1, 1)
    """
    return max(labels, key=_STRENGTH.__getitem__)


def weakest_label(*labels: int) -> int:
    """Combine the labels that several properties of one object give to its class.

    Args:
        *labels: 1, 0 or -1, at least one.

    Returns:
        0 if any label is 0, else -1 if any label is -1, and else 1.

    Example:
        >>> weakest_label(1, -1), weakest_label(-1, 0)
        (-1, 0)
    """
    return min(labels, key=_STRENGTH.__getitem__)


def _is_id(value: Any) -> bool:
    return type(value) in (int, str)


def _has(item: Any, key: str) -> bool:
    return isinstance(item, dict) and key in item


def _index(file: InstanceFile) -> COCO:
    """Index the objects by image; the category of an object is ``None`` if it is malformed."""
    coco = COCO()
    coco.dataset = dict(images=list(file.items.values()), categories=file.categories, annotations=[])
    for where, item, number in file.objects():
        if not _is_id(item.get("id")):
            item["id"] = where.split(" ", 1)[1]
        if number is None:
            item["category_id"] = None
        coco.dataset["annotations"].append(item)
    with contextlib.redirect_stdout(io.StringIO()):  # createIndex prints
        coco.createIndex()
    return coco


def _parts_of_file(path: str) -> dict[str, list[Any]]:
    content = read_json(path)
    content = content if isinstance(content, dict) else {}
    for part in _PARTS:
        reject_repeated_keys(content.get(part), path)
        if not isinstance(content.get(part), list):
            found = f"no {part!r}" if part not in content else f"{content[part]!r:.100} in {part!r}"
            raise ValueError(
                f"The annotation file {path} must have the lists 'images', 'annotations' and 'categories'. "
                f"Got {found} instead."
            )
    return content
