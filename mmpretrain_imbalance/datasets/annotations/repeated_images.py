"""Treatment of images that an annotation file names more than once."""

from __future__ import annotations

from collections.abc import Callable
from posixpath import normpath

import numpy as np

from ..label_store.build import StoreParts
from ..label_store.join_rows import join_rows
from ..label_store.store import LabelStore
from .errors import AnnotationErrors

REPEATED_IMAGES = ("raise", "join", "keep")


def resolve_repeated_images(
    store: LabelStore, how: str, where: Callable[[int], str], field: str, errors: AnnotationErrors
) -> LabelStore:
    """Reject, join or keep the rows of images that the file names more than once.

    Args:
        store: The labels, one row for each time that an image is named.
        how: ``'raise'``: every repetition is an error. ``'join'``: the labels of all rows are joined into one
            sample, and contradictory labels are an error. ``'keep'``: every row is a sample.
        where: Function that describes the line or sample of a row in error messages.
        field: Name of the file's field with the image name.
        errors: Collector to which errors are added.

    Returns:
        The labels, without the rows or labels that are errors.
    """
    if how == "keep":
        return store
    row_of_name: dict[str, int] = {}
    names = (normpath(store.image_name(row)) for row in range(len(store)))  # ./a.jpg and a.jpg are the same
    first = np.array([row_of_name.setdefault(name, row) for row, name in enumerate(names)])
    stays = first == np.arange(len(first))
    if stays.all():
        return store
    if how == "join":

        def contradict(class_index: int, positive: int, negative: int) -> int:
            earlier, later = sorted((positive, negative))
            label, name = int(earlier == positive), store.image_name(later)
            expected = f"{label}, as in {where(earlier)} for the same image {name}"
            errors.add(where(later), store.class_names[class_index], expected, 1 - label)
            return -1

        return join_rows(store, first, contradict)
    for row in np.flatnonzero(~stays).tolist():
        expected = f"an image that is not already in {where(int(first[row]))} (see 'repeated_images')"
        errors.add(where(row), field, expected, store.image_name(row))
    parts = StoreParts(store.class_names, store.default_label, store.class_metadata, store.num_simulations)
    parts.add(*store.elements(np.flatnonzero(stays)), int(stays.sum()))
    parts.add_names(store, np.flatnonzero(stays))
    return parts.finish()
