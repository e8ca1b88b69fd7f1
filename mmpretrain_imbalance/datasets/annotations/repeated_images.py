"""Images that an annotation file names more than once."""

from __future__ import annotations

from collections.abc import Callable
from posixpath import normpath

import numpy as np

from ..label_store.build import StoreParts
from ..label_store.join_rows import join_rows
from ..label_store.store import LabelStore
from .errors import AnnotationErrors

REPEATED_IMAGES = ("refuse", "join", "keep")


def settle_repeated_images(
    store: LabelStore, how: str, where: Callable[[int], str], field: str, faults: AnnotationErrors
) -> LabelStore:
    """Decide what an image is that the file names again.

    Args:
        store: The labels, a row for each time that an image is named.
        how: ``'refuse'``: a fault. ``'join'``: one image with all labels; a fault where they contradict each
            other. ``'keep'``: another sample with labels of its own.
        where: Tells the place of a row in the file.
        field: What the file calls the name of an image.
        faults: Where faults are noted.

    Returns:
        The labels; where there is a fault, without the row or label that is one.
    """
    if how == "keep":
        return store
    row_of_name: dict[str, int] = {}
    names = (normpath(store.image_name(row)) for row in range(len(store)))  # a.jpg is ./a.jpg too
    first = np.array([row_of_name.setdefault(name, row) for row, name in enumerate(names)])
    stays = first == np.arange(len(first))
    if stays.all():
        return store
    if how == "join":

        def contradict(class_index: int, positive: int, negative: int) -> int:
            earlier, later = sorted((positive, negative))
            said, name = int(earlier == positive), store.image_name(later)
            expected = f"what {where(earlier)} says about {name}, {said}"
            faults.add(where(later), store.class_names[class_index], expected, 1 - said)
            return -1

        return join_rows(store, first, contradict)
    for row in np.flatnonzero(~stays):
        expected = f"an image that is not at {where(first[row])} already (see 'repeated_images')"
        faults.add(where(row), field, expected, store.image_name(row))
    parts = StoreParts(store.class_names, store.default_label, store.class_metadata, store.num_simulations)
    parts.add(*store.elements(np.flatnonzero(stays)), int(stays.sum()))
    parts.add_names(store, np.flatnonzero(stays))
    return parts.finish()
