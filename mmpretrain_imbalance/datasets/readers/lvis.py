"""Reader of image labels of LVIS, which annotates some classes of an image as absent."""

from __future__ import annotations

import os
from typing import Any

from ..annotations.errors import AnnotationErrors
from ..annotations.label_rows import LabelRows, parts_of_images
from .coco import InstanceFile


def read_lvis(annotations: str | os.PathLike[str], *, skip_malformed: bool = False) -> LabelRows:
    """Read an annotation file of LVIS v1.

    A class with an object in the image is positive, a class in ``neg_category_ids`` negative. All other
    classes are unknown, including those in ``not_exhaustive_category_ids`` without an object. Images are
    named by folder and file, such as ``val2017/000000397133.jpg``, because LVIS does not use the splits of
    COCO 2017.

    Reading takes memory of several times the file size.

    Args:
        annotations: ``lvis_v1_train.json`` or ``lvis_v1_val.json``.
        skip_malformed: Whether to skip and count malformed items instead of raising. A class that has an
            object and is in ``neg_category_ids`` is then unknown. If an object has no valid class, all
            classes in ``neg_category_ids`` of its image are unknown. An object whose image is not in the file
            changes no label: the file itself names the negatives of each image. Images with a malformed or
            repeated id or name are left out.

    Returns:
        The labels, classes in the order of the category ids. ``class_metadata['frequency']`` is ``'r'``
        (rare), ``'c'`` (common) or ``'f'`` (frequent) for each class, if the file has frequencies.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is malformed.
    """
    path = os.fspath(annotations)
    file = InstanceFile(path, _name_of)
    notes: dict[str, int] = {}
    labels: dict[int | str, dict[int, int]] = {image: {} for image in file.names}
    for image, item in file.items.items():
        negatives = item.get("neg_category_ids", [])
        if not isinstance(negatives, list):
            file.errors.add(f"image {image}", "neg_category_ids", "a list of ids", negatives)
            continue
        for category in negatives:
            number = file.class_index(category)
            if number is None:
                expected = "ids of categories of the file"
                file.errors.add(f"image {image}", "neg_category_ids", expected, category)
            else:
                labels[image][number] = 0
    without_class = set()
    for where, item, number in file.objects():
        row = labels[item["image_id"]]
        if number is None:
            without_class.add(item["image_id"])
            continue
        if row.setdefault(number, 1) != 1:
            expected = "a category that is not in the neg_category_ids of the image"
            file.errors.add(where, "category_id", expected, item["category_id"])
            row[number] = -1
    for image in without_class:  # the object may be of any class
        labels[image].update({absent: -1 for absent, label in labels[image].items() if label == 0})
    file.finish(skip_malformed, notes)
    images = ((file.names[image], list(row), list(row.values())) for image, row in labels.items())
    class_names = [category["name"] for category in file.categories]
    parts, metadata = parts_of_images(images), _class_metadata(file)
    return LabelRows(
        class_names, parts, num_images=len(labels), notes=notes, class_metadata=metadata, source=path
    )


def _name_of(image: dict[str, Any]) -> Any:
    name, address = image.get("file_name"), image.get("coco_url")
    return name or ("/".join(address.split("/")[-2:]) if isinstance(address, str) else address)


def _class_metadata(file: InstanceFile) -> dict[str, list[Any]]:
    if not any("frequency" in category for category in file.categories):
        return {}
    errors = AnnotationErrors(file.path)
    groups = [category.get("frequency") for category in file.categories]
    for category, group in zip(file.categories, groups):
        if group not in ("r", "c", "f"):
            expected = "'r' (rare), 'c' (common) or 'f' (frequent)"
            errors.add(f"category {category['id']}", "frequency", expected, group)
    errors.raise_if_any()
    return {"frequency": groups}
