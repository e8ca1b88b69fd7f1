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
            image are unknown. Images with a malformed or repeated id or name are left out.

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
        for item in objects:
            number = file.class_index(item["category_id"])
            where, is_crowd, area = f"annotation {item['id']}", item.get("iscrowd", 0), item.get("area")
            candidates = [LABEL_WORDS[crowd]] if is_crowd else [1]
            if number is None:  # it may be of any class
                candidates = [-1]
            elif is_crowd not in (0, 1):
                file.errors.add(where, "iscrowd", "0 or 1", is_crowd)
                candidates = [-1]
            elif small_area and not (type(area) in (int, float) and area >= 0):
                file.errors.add(where, "area", "a number of pixels", area)
                candidates = [-1]
            elif small_area and area < small_area:
                candidates.append(LABEL_WORDS[small])
            for class_index in range(num_classes) if number is None else (number,):
                row[class_index] = strongest_label(weakest_label(*candidates), row.get(class_index, 0))
    handle_errors(file.errors, skip_malformed, notes)
    if len(labels) < len(file.names):
        notes["images without annotations dropped"] = len(file.names) - len(labels)
    images = ((file.names[image], list(row), list(row.values())) for image, row in labels.items())
    names = [category["name"] for category in file.categories]
    return LabelRows(names, parts_of_images(images), default_label=0, num_images=len(labels), notes=notes)


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
        self._repeated: set[int | str] = set()
        self._read_images(name_of)

    def class_index(self, category: Any) -> int | None:
        """Return the class index of a category id, or ``None`` if there is no such category."""
        return self._index.get(category) if isinstance(category, int) else None

    def objects(self) -> Iterator[tuple[str, dict[str, Any], int | None]]:
        """Iterate over the objects of valid images.

        Yields:
            Description of the object for error messages, its item, and its class index, or ``None`` if the
            object has an unknown category or a repeated key, which is added to ``errors``.
        """
        for number, item in enumerate(self._content["annotations"]):
            where = f"annotation {item.get('id', f'number {number}') if isinstance(item, dict) else number}"
            is_valid = self._is_object(where, "annotations", item)
            if not isinstance(item, dict):
                continue
            image, category = item.get("image_id"), item.get("category_id")
            if not isinstance(image, (int, str)) or image not in self.names:
                if not isinstance(image, (int, str)) or image not in self._repeated:
                    self.errors.add(where, "image_id", "the id of an image of the file", image)
                continue
            index = self.class_index(category) if is_valid else None
            if is_valid and index is None:
                self.errors.add(where, "category_id", "the id of a category of the file", category)
            yield where, item, index

    def _read_images(self, name_of: Callable[[dict[str, Any]], Any]) -> None:
        id_of_name: dict[str, int | str] = {}
        for number, item in enumerate(self._content["images"]):
            if not self._is_object(f"image number {number}", "images", item):
                continue
            image = item.get("id")
            where = f"image {image if 'id' in item else f'number {number}'}"
            if not isinstance(image, (int, str)):
                self.errors.add(where, "id", "an integer or string that no other image has", image)
                continue
            name = name_of(item)
            if not isinstance(name, str) or not name:
                self.errors.add(where, "name", "the file name or URL of an image", name)
            elif image in self.names or image in self._repeated:
                self.errors.add(f"image number {number}", "id", "an id that no image before it has", image)
                self._repeated.add(image)
            elif name in id_of_name:
                expected = f"a file name other than that of image {id_of_name[name]}"
                self.errors.add(where, "name", expected, name)
                self._repeated |= {image, id_of_name[name]}
            else:
                self.names[image], self.items[image], id_of_name[name] = name, item, image
        for image in self._repeated & set(self.names):
            del self.names[image], self.items[image]

    def _read_categories(self) -> list[dict[str, Any]]:
        errors = AnnotationErrors(self.path)
        seen: dict[str, set[Any]] = {"id": set(), "name": set()}
        for number, item in enumerate(self._content["categories"]):
            for key, kind, expected in (("id", int, "an integer"), ("name", str, "a class name")):
                where, found = f"category number {number}", item.get(key) if isinstance(item, dict) else item
                if type(found) is not kind or isinstance(item, RepeatedKeys):
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


def _index(file: InstanceFile) -> COCO:
    """Index the objects by image; the category of an object is ``None`` if it is malformed."""
    coco = COCO()
    coco.dataset = dict(images=list(file.items.values()), categories=file.categories, annotations=[])
    for where, item, number in file.objects():
        if not isinstance(item.get("id"), (int, str)):
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
