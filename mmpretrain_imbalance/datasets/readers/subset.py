"""Some images of a label store, such as those of a published list."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import numpy as np

from ..annotations.content import open_text
from ..annotations.errors import AnnotationErrors
from ..annotations.label_rows import LabelPart, LabelRows, settle_faults
from ..label_store.store import LabelStore
from .plain_pickle import read_plain_pickle

_PART = 4096


def rows_of_store(store: LabelStore, rows: np.ndarray) -> LabelRows:
    """The labels of some images.

    Args:
        store: The labels of all images.
        rows: The images, of shape (M,).

    Returns:
        Their labels, in the order of ``rows``.
    """

    def parts() -> Iterator[LabelPart]:
        for start in range(0, len(rows), _PART):
            part = rows[start : start + _PART]
            yield LabelPart([store.image_name(int(row)) for row in part], *store.elements(part))

    kept = dict(class_metadata=store.class_metadata, num_simulations=store.num_simulations)
    return LabelRows(store.class_names, parts(), store.default_label, len(rows), **kept)


def read_image_list(store: LabelStore, path: str | os.PathLike, *, skip_malformed: bool = False) -> LabelRows:
    """The images of a list, such as the published ones of COCO-MLT and VOC-MLT.

    An item of the list is the name of an image as in the store, its last part without the ending
    (``2008_000008``), or the number in it (``391895`` for ``train2017/000000391895.jpg``).

    Args:
        store: The labels of all images.
        path: A text file with an item a line, whatever its ending (the published ``img_id.pkl`` of COCO-MLT
            is one), or a pickled list of plain items (``.pkl``).
        skip_malformed: Whether to leave out items that name no image and count them.

    Returns:
        Their labels, in the order of the list.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If an item names no image, or one that was named before.
    """
    path = Path(path)
    # Pickles begin with one of these bytes, names and numbers of images with none.
    if path.suffix == ".pkl" and path.is_file() and path.read_bytes()[:1] in (b"\x80", b"(", b"]"):
        content = read_plain_pickle(path)
        items = [item.decode() if isinstance(item, bytes) else str(item) for item in list(content)]
    elif path.is_file():
        with open_text(str(path)) as file:
            items = file.read().splitlines()
    else:
        raise FileNotFoundError(f"The list of images must be an existing file. Got {path} instead.")
    place: dict[str, int] = {}
    for row in range(len(store)):
        name = store.image_name(row)
        stem = PurePosixPath(name).stem
        digits = stem.rpartition("_")[2]
        # COCO's names: 000000391895, or COCO_train2014_000000391895. 2008_000008 of VOC is no number.
        is_number = digits.isdecimal() and (digits == stem or len(digits) == 12)
        for key in {name, stem, f"#{int(digits)}" if is_number else name}:
            place[key] = -1 if place.get(key, row) != row else row  # -1: it would name two images
    faults, notes, rows = AnnotationErrors(str(path)), {}, {}
    for number, item in enumerate(items, 1):
        item = item.strip()
        if not item:
            continue
        row = place.get(item, place.get(f"#{int(item)}") if item.isdecimal() else None)
        if row is None or row < 0 or row in rows:
            faults.add(f"line {number}", "image", "one image of the store, named once", item)
        else:
            rows[row] = None
    settle_faults(faults, skip_malformed, notes)
    labels = rows_of_store(store, np.fromiter(rows, dtype=np.int64, count=len(rows)))
    labels.notes = notes
    return labels
