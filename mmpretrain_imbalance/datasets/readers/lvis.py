"""Image labels of LVIS, which says of some classes that they are not in an image."""

from __future__ import annotations

import os

from ..annotations.errors import AnnotationErrors
from ..annotations.label_rows import LabelRows, parts_of_images, settle_faults
from .coco import InstanceFile


def read_lvis(annotations: str | os.PathLike, *, skip_malformed: bool = False) -> LabelRows:
    """Read an annotation file of LVIS v1.

    A class with an object in the image is positive, one in ``neg_category_ids`` negative. All others are
    unknown, also those in ``not_exhaustive_category_ids`` without an object. Images are named by folder and
    file, such as ``val2017/000000397133.jpg``, since LVIS splits the images of COCO 2017 anew.

    The file is held in memory as a whole while it is read, several times its size.

    Args:
        annotations: ``lvis_v1_train.json`` or ``lvis_v1_val.json``.
        skip_malformed: Whether to leave out wrong elements and count them, instead of refusing the file. A
            class with an object that is in ``neg_category_ids`` too is then unknown, and where an object has
            no class of the file all of ``neg_category_ids`` are. Images whose id or name is wrong or that of
            another one are left out.

    Returns:
        The labels, classes in the order of the category ids; ``class_metadata['frequency']`` is ``'r'`` (rare),
        ``'c'`` (common) or ``'f'`` (frequent) for each class, where the file says so.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is wrong.
    """
    path = os.fspath(annotations)
    file, notes = InstanceFile(path, _name_of), {}
    labels: dict[int | str, dict[int, int]] = {image: {} for image in file.names}
    for image, item in file.items.items():
        negatives = item.get("neg_category_ids", [])
        if not isinstance(negatives, list):
            file.faults.add(f"image {image}", "neg_category_ids", "a list of ids", negatives)
            continue
        for category in negatives:
            number = file.class_index(category)
            if number is None:
                expected = "ids of categories of the file"
                file.faults.add(f"image {image}", "neg_category_ids", expected, category)
            else:
                labels[image][number] = 0
    for where, item, number in file.objects():
        row = labels[item["image_id"]]
        if number is None:  # it may be of any class
            row.update({absent: -1 for absent, label in row.items() if label == 0})
            continue
        if row.setdefault(number, 1) != 1:
            expected = "a category that is not in the image's neg_category_ids"
            file.faults.add(where, "category_id", expected, item["category_id"])
            row[number] = -1
    settle_faults(file.faults, skip_malformed, notes)
    images = ((file.names[image], list(row), list(row.values())) for image, row in labels.items())
    class_names = [category["name"] for category in file.categories]
    parts, facts = parts_of_images(images), _facts(file)
    return LabelRows(class_names, parts, num_images=len(labels), notes=notes, class_metadata=facts)


def _name_of(image: dict) -> str:
    return image.get("file_name") or "/".join(str(image.get("coco_url", "")).split("/")[-2:])


def _facts(file: InstanceFile) -> dict[str, list[str]]:
    if not any("frequency" in category for category in file.categories):
        return {}
    faults = AnnotationErrors(file.path)
    groups = [category.get("frequency") for category in file.categories]
    for category, group in zip(file.categories, groups):
        if group not in ("r", "c", "f"):
            expected = "'r' (rare), 'c' (common) or 'f' (frequent)"
            faults.add(f"category {category['id']}", "frequency", expected, group)
    faults.raise_if_any()
    return {"frequency": groups}
