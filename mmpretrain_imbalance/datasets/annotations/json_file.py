"""Reader of JSON annotation files in the style of OpenMMLab 2.0, extended by known negatives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from ...utils.class_names import check_class_names
from ...utils.found_values import first_repeated, is_text, shown
from ..label_store.build import build_label_store
from ..label_store.store import LabelStore
from .content import RepeatedKeys, read_json, reject_repeated_keys
from .errors import AnnotationErrors
from .label_rows import handle_errors
from .repeated_images import resolve_repeated_images

_LABEL_FIELDS = ("gt_label", "gt_label_neg", "gt_score")


def read_annotation_json(
    path: str,
    default_label: int = -1,
    class_names: Sequence[str] | None = None,
    *,
    repeated_images: str = "raise",
    skip_malformed: bool = False,
    notes: dict[str, int] | None = None,
) -> LabelStore:
    """Read a JSON annotation file.

    Each item of ``data_list`` has ``img_path`` and either ``gt_label`` (classes in the image) and optionally
    ``gt_label_neg`` (classes known to be absent), or ``gt_score`` (1, 0 or -1 for every class). Classes are
    indices or names.

    Args:
        path: The file.
        default_label: Label of the classes that are in neither list: -1 (unknown) or 0 (negative).
        class_names: The classes, used if the ``metainfo`` of the file does not name them.
        repeated_images: Treatment of images that several samples name: ``'raise'``, ``'join'`` or ``'keep'``,
            see ``resolve_repeated_images``.
        skip_malformed: Whether to leave out and count wrong samples instead of raising.
        notes: Dictionary to which messages about samples left out are added, with their numbers.

    Returns:
        The labels, in the class order of the file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is truncated or a sample is wrong. The message names the file, sample and
            field, the expected and the found value, and the number of further errors.
    """
    annotations = _parse(path)
    reject_repeated_keys(annotations.get("metainfo"), path)
    names = _class_names(annotations.get("metainfo"), path)
    if names is None and class_names is not None:
        check_class_names(class_names, f"The class list for {path}")
        names = list(class_names)
    if names is None:
        raise ValueError(
            f"The 'metainfo' of {path} must have 'classes', a list of class names. Got none instead. "
            "Name them there, or in the 'classes' argument of the dataset."
        )
    reader = _SampleReader(path, names, default_label)
    for number, sample in enumerate(annotations["data_list"]):
        reader.read(number, sample)
    sizes = [len(classes) for classes in reader.classes]
    store = build_label_store(
        images=np.repeat(np.arange(len(sizes)), sizes),
        classes=np.concatenate([np.empty(0, np.int64), *reader.classes]),
        values=np.concatenate([np.empty(0, np.int8), *reader.values]),
        image_names=reader.image_names,
        class_names=names,
        default_label=default_label,
    )

    def where(row: int) -> str:
        return f"sample {reader.numbers[row]}"

    store = resolve_repeated_images(store, repeated_images, where, "img_path", reader.errors)
    handle_errors(reader.errors, skip_malformed, {} if notes is None else notes)
    if not len(store):
        raise ValueError(
            f"The annotation file {path} must have valid samples. Got only malformed samples instead."
        )
    return store


class _SampleReader:
    """Converts the items of ``data_list`` into classes and values, and collects their errors."""

    def __init__(self, path: str, class_names: list[str], default_label: int) -> None:
        self.errors = AnnotationErrors(path)
        self.class_names = class_names
        self.num_classes = len(class_names)
        self.class_index = {name: index for index, name in enumerate(class_names)}
        self.numbers: list[int] = []
        self.image_names: list[str] = []
        self.classes: list[np.ndarray] = []
        self.values: list[np.ndarray] = []

    def read(self, number: int, sample: Any) -> None:
        """Read one item; items with an error are left out."""
        before = len(self.errors)
        if not isinstance(sample, dict):
            self.errors.add(f"sample {number}", "data_list", "an object with 'img_path' and labels", sample)
            return
        if isinstance(sample, RepeatedKeys):
            self.errors.add(f"sample {number}", sample.repeated, "given once", "it twice", in_words=True)
            return
        for key in sample:
            if key.startswith("gt_") and key not in _LABEL_FIELDS:
                expected = f"one of {', '.join(_LABEL_FIELDS)} if it begins with gt_"
                self.errors.add(f"sample {number}", "key", expected, key)
        name: Any = sample.get("img_path")
        where = f"sample {number} ({name})"
        if not is_text(name):
            self.errors.add(f"sample {number}", "img_path", "the path of an image", name)
        if "gt_score" in sample:
            classes, values = self._read_scores(where, sample)
        elif "gt_label" in sample or "gt_label_neg" in sample:
            classes, values = self._read_lists(where, sample)
        else:
            expected = "a list of classes, unless 'gt_score' is given"
            self.errors.add(where, "gt_label", expected, "no labels", in_words=True)
            return
        if len(self.errors) > before:
            return
        self.numbers.append(number)
        self.image_names.append(name)
        self.classes.append(classes)
        self.values.append(values)

    def _read_scores(self, where: str, sample: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
        scores = sample["gt_score"]
        nothing = np.empty(0, np.int64), np.empty(0, np.int8)
        if "gt_label" in sample or "gt_label_neg" in sample:
            self.errors.add(
                where, "gt_score", "the only labels of its sample", "gt_score with gt_label or gt_label_neg"
            )
        elif not isinstance(scores, list) or len(scores) != self.num_classes:
            found = f"{len(scores)} labels" if isinstance(scores, list) else scores
            self.errors.add(where, "gt_score", f"a list of {self.num_classes} labels, one per class", found)
        elif wrong := [
            score for score in scores if isinstance(score, (bool, str)) or score not in (1, 0, -1)
        ]:
            self.errors.add(
                where, "gt_score", "1 (positive), 0 (negative) or -1 (unknown) in every element", wrong[0]
            )
        else:
            return np.arange(self.num_classes), np.array(scores, dtype=np.int8)
        return nothing

    def _read_lists(self, where: str, sample: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
        positives = self._read_classes(where, sample, "gt_label")
        negatives = self._read_classes(where, sample, "gt_label_neg")
        both = set(positives) & set(negatives)
        if both:
            self.errors.add(
                where, "gt_label_neg", "classes that are not in 'gt_label'", self._name(min(both))
            )
            negatives = [index for index in negatives if index not in both]
        values = np.repeat(np.array([1, 0], dtype=np.int8), [len(positives), len(negatives)])
        return np.array(positives + negatives, dtype=np.int64), values

    def _read_classes(self, where: str, sample: dict[str, Any], field: str) -> list[int]:
        labels = sample.get(field, [])
        labels = labels if isinstance(labels, list) else [labels]  # a single-label file
        indices: dict[int, None] = {}
        for label in labels:
            if isinstance(label, str):
                index = self.class_index.get(label)
                expected = f"names of the {self.num_classes} classes"
            else:
                is_index = (
                    isinstance(label, int) and not isinstance(label, bool) and 0 <= label < self.num_classes
                )
                index = label if is_index else None
                expected = f"class indices from 0 to {self.num_classes - 1}, or class names"
            if index is None:
                self.errors.add(where, field, expected, label)
            elif index in indices:
                self.errors.add(where, field, "different classes", f"{self._name(index)} twice")
            else:
                indices[index] = None
        return list(indices)

    def _name(self, index: int) -> str:
        return f"class {index}, {self.class_names[index]!r},"


def _parse(path: str) -> dict[str, Any]:
    annotations = read_json(path)
    data_list = annotations.get("data_list") if isinstance(annotations, dict) else None
    if not isinstance(data_list, list) or not data_list:
        raise ValueError(
            f"The annotation file {path} must be an object with 'metainfo' and 'data_list', a list of "
            f"samples. Got {'no samples' if data_list == [] else 'no such list'} instead."
        )
    return cast("dict[str, Any]", annotations)


def _class_names(metainfo: Any, path: str) -> list[str] | None:
    metainfo = metainfo if isinstance(metainfo, dict) else {}
    names = metainfo.get("classes")
    if names is None and isinstance(metainfo.get("categories"), list):  # another form of OpenMMLab 2.0
        names = _category_names(metainfo["categories"], path)
    if names is not None:
        check_class_names(names, f"The 'metainfo.classes' of {path}")
    return cast("list[str] | None", names)


def _category_names(categories: list[Any], path: str) -> list[str]:
    for number, item in enumerate(categories):
        if (
            not isinstance(item, dict)
            or isinstance(item, RepeatedKeys)
            or type(item.get("id")) is not int
            or not isinstance(item.get("category_name"), str)
        ):
            raise ValueError(
                f"The 'metainfo.categories' of {path} must be objects with 'id', an integer, and "
                f"'category_name', a string. Got {shown(item)} at index {number} instead."
            )
    twice = first_repeated(item["id"] for item in categories)
    if twice is not None:
        raise ValueError(
            f"The 'metainfo.categories' of {path} must have different ids. Got {twice} twice instead."
        )
    return [item["category_name"] for item in sorted(categories, key=lambda item: item["id"])]
