"""Image labels from the instance files of COCO."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable, Iterator
from typing import Any

from pycocotools.coco import COCO

from ...functional.labels import LABEL_WORDS
from ...utils.argument_checks import check_choice
from ..annotations.content import RepeatedKeys, read_json, refuse_repeated_keys
from ..annotations.errors import AnnotationErrors
from ..annotations.label_rows import LabelRows, parts_of_images, settle_faults


def read_coco(
    annotations: str | os.PathLike,
    *,
    images_without_annotations: str = "keep",
    crowd: str = "positive",
    small_area: float = 0.0,
    small: str = "unknown",
    skip_malformed: bool = False,
) -> LabelRows:
    """Read an instances file of COCO 2014 or 2017: a class with an object is positive, others are negative.

    Two conventions are published. With ``images_without_annotations='keep'`` train2014 has 82,783 images,
    val2014 40,504; ``'drop'`` leaves the 82,081 and 40,137 images with an object.

    Args:
        annotations: The JSON file.
        images_without_annotations: ``'keep'`` images without any object, which are negative for all classes,
            or ``'drop'`` them.
        crowd: What a class is of which an image has only objects marked as crowd: ``'positive'``,
            ``'negative'`` or ``'unknown'``.
        small_area: Objects of fewer pixels are small.
        small: What a class is of which an image has only small objects.
        skip_malformed: Whether to go on with what is wrong and count it, instead of refusing the file. The
            class of a wrong object is then unknown, or, where it has no class of the file, all that have no
            other object there. Images whose id or name is wrong or that of another one are left out.

    Returns:
        The labels, classes in the order of the category ids.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If an argument has no meaning or the file is wrong.
    """
    check_choice("read_coco", ("keep", "drop"), images_without_annotations=images_without_annotations)
    check_choice("read_coco", tuple(LABEL_WORDS), crowd=crowd, small=small)
    path = os.fspath(annotations)
    if not os.path.isfile(path):
        raise FileNotFoundError(f"The instances file must be an existing file. Got {path} instead.")
    file, notes = InstanceFile(path, lambda image: image.get("file_name")), {}
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
            said = [LABEL_WORDS[crowd]] if is_crowd else [1]
            if number is None:  # it may be of any class
                said = [-1]
            elif is_crowd not in (0, 1):
                file.faults.add(where, "iscrowd", "0 or 1", is_crowd)
                said = [-1]
            elif small_area and not (type(area) in (int, float) and area >= 0):
                file.faults.add(where, "area", "a number of pixels", area)
                said = [-1]
            elif small_area and area < small_area:
                said.append(LABEL_WORDS[small])
            for of_class in range(num_classes) if number is None else (number,):
                row[of_class] = strongest_label(weakest_label(*said), row.get(of_class, 0))
    settle_faults(file.faults, skip_malformed, notes)
    if len(labels) < len(file.names):
        notes["images without annotations dropped"] = len(file.names) - len(labels)
    images = ((file.names[image], list(row), list(row.values())) for image, row in labels.items())
    names = [category["name"] for category in file.categories]
    return LabelRows(names, parts_of_images(images), default_label=0, num_images=len(labels), notes=notes)


def _index(file: InstanceFile) -> COCO:
    """The objects of each image, wrong classes as ``None``."""
    coco = COCO()
    coco.dataset = dict(images=list(file.items.values()), categories=file.categories, annotations=[])
    for where, item, number in file.objects():
        if not isinstance(item.get("id"), (int, str)):
            item["id"] = where.split(" ", 1)[1]
        if number is None:
            item["category_id"] = None
        coco.dataset["annotations"].append(item)
    with contextlib.redirect_stdout(io.StringIO()):  # it prints
        coco.createIndex()
    return coco


_PARTS = ("images", "annotations", "categories")


class InstanceFile:
    """Reads the file, refuses wrong categories, and notes what else is wrong.

    An image whose id or name another image has too is left out, both of them: nobody knows whose the objects
    are.

    Args:
        path: A path or URL.
        name_of: Finds the name of an image in its item; anything but text with a letter is none.

    Attributes:
        categories: The categories, in the order of their ids.
        names: Name of each sound image, by id, in the order of the file.
        items: The item of each of these images.
        faults: What is wrong in images and objects.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no instance file, or its categories are wrong.
    """

    def __init__(self, path: str, name_of: Callable[[dict], Any]) -> None:
        self.path, self.faults = path, AnnotationErrors(path)
        self._content = _parts_of_file(path)
        self.categories = self._read_categories()
        self._index = {category["id"]: number for number, category in enumerate(self.categories)}
        self.names: dict[int | str, str] = {}
        self.items: dict[int | str, dict] = {}
        self._twice: set[int | str] = set()
        self._read_images(name_of)

    def class_index(self, category: Any) -> int | None:
        """Index of the class of a category id, ``None`` where there is no such category."""
        return self._index.get(category) if isinstance(category, int) else None

    def objects(self) -> Iterator[tuple[str, dict, int | None]]:
        """Go through the objects of sound images.

        Yields:
            Where an object is, its item, and the index of its class; ``None`` where it has no class of the
            file or a key twice, which is noted.
        """
        for number, item in enumerate(self._content["annotations"]):
            where = f"annotation {item.get('id', f'number {number}') if isinstance(item, dict) else number}"
            is_sound = self._is_object(where, "annotations", item)
            if not isinstance(item, dict):
                continue
            image, category = item.get("image_id"), item.get("category_id")
            if not isinstance(image, (int, str)) or image not in self.names:
                if not isinstance(image, (int, str)) or image not in self._twice:
                    self.faults.add(where, "image_id", "the id of an image of the file", image)
                continue
            index = self.class_index(category) if is_sound else None
            if is_sound and index is None:
                self.faults.add(where, "category_id", "the id of a category of the file", category)
            yield where, item, index

    def _read_images(self, name_of: Callable[[dict], Any]) -> None:
        id_of_name: dict[str, int | str] = {}
        for number, item in enumerate(self._content["images"]):
            if not self._is_object(f"image number {number}", "images", item):
                continue
            image = item.get("id")
            where = f"image {image if 'id' in item else f'number {number}'}"
            if not isinstance(image, (int, str)):
                self.faults.add(where, "id", "a number that no other image has", image)
                continue
            name = name_of(item)
            if not isinstance(name, str) or not name:
                self.faults.add(where, "name", "the file name or address of an image", name)
            elif image in self.names or image in self._twice:
                self.faults.add(f"image number {number}", "id", "one that no image before it has", image)
                self._twice.add(image)
            elif name in id_of_name:
                expected = f"a file name other than that of image {id_of_name[name]}"
                self.faults.add(where, "name", expected, name)
                self._twice |= {image, id_of_name[name]}
            else:
                self.names[image], self.items[image], id_of_name[name] = name, item, image
        for image in self._twice & set(self.names):
            del self.names[image], self.items[image]

    def _read_categories(self) -> list[dict]:
        faults, seen = AnnotationErrors(self.path), {"id": set(), "name": set()}
        for number, item in enumerate(self._content["categories"]):
            for key, kind, expected in (("id", int, "a whole number"), ("name", str, "a class name")):
                where, found = f"category number {number}", item.get(key) if isinstance(item, dict) else item
                if type(found) is not kind or isinstance(item, RepeatedKeys):
                    faults.add(where, key, expected, found)
                elif found in seen[key]:
                    faults.add(where, key, f"{expected} that no category before it has", found)
                else:
                    seen[key].add(found)
        faults.raise_if_any()
        if not seen["id"]:
            raise ValueError(f"The annotation file {self.path} must have categories. Got none instead.")
        return sorted(self._content["categories"], key=lambda category: category["id"])

    def _is_object(self, where: str, part: str, item: Any) -> bool:
        if isinstance(item, RepeatedKeys):
            self.faults.add(where, item.repeated, "there once", "this key twice", in_words=True)
        elif not isinstance(item, dict):
            self.faults.add(where, part, "an object with an id", item)
        return isinstance(item, dict) and not isinstance(item, RepeatedKeys)


def _parts_of_file(path: str) -> dict[str, list]:
    content = read_json(path)
    content = content if isinstance(content, dict) else {}
    for part in _PARTS:
        refuse_repeated_keys(content.get(part), path)
        if not isinstance(content.get(part), list):
            found = f"no {part!r}" if part not in content else f"{content[part]!r:.100} in {part!r}"
            raise ValueError(
                f"The annotation file {path} must have the lists 'images', 'annotations' and 'categories'. "
                f"Got {found} instead."
            )
    return content


_STRENGTH = {0: 0, -1: 1, 1: 2}


def strongest_label(*labels: int) -> int:
    """Join what several objects of an image say about a class.

    An object that is plainly there makes it positive, whatever the others are; one of which nobody knows what
    it is leaves it unknown; only without either is it negative.

    Args:
        *labels: 1, 0 or -1, at least one.

    Returns:
        The label that decides.

    Example:
        >>> strongest_label(0, -1), strongest_label(-1, 1, 0)
        (-1, 1)
    """
    return max(labels, key=_STRENGTH.__getitem__)


def weakest_label(*labels: int) -> int:
    """Join what several properties of one object say, of which each can only weaken that it is there.

    Args:
        *labels: 1, 0 or -1, at least one.

    Returns:
        0 where one is 0, else -1 where one is -1.

    Example:
        >>> weakest_label(1, -1), weakest_label(-1, 0)
        (-1, 0)
    """
    return min(labels, key=_STRENGTH.__getitem__)
