"""Selection of images of a label store by row or by a published list."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import numpy as np

from ...utils.found_values import shown
from ..annotations.content import open_text
from ..annotations.errors import AnnotationErrors
from ..annotations.label_rows import LabelPart, LabelRows, handle_errors
from ..label_store.store import LabelStore
from .plain_pickle import read_plain_pickle

_PART = 4096  # images per part
_MOST_DIGITS = 255  # as many as a file name can have; Python does not convert numbers of thousands


def rows_of_store(store: LabelStore, rows: np.ndarray) -> LabelRows:
    """Select the labels of some images.

    Args:
        store: The labels of all images.
        rows: Rows of the images in the store, of shape (M,).

    Returns:
        The labels of these images, in the order of ``rows``.
    """

    def parts() -> Iterator[LabelPart]:
        for start in range(0, len(rows), _PART):
            part = rows[start : start + _PART]
            yield LabelPart([store.image_name(int(row)) for row in part], *store.elements(part))

    return LabelRows(
        store.class_names,
        parts(),
        store.default_label,
        len(rows),
        class_metadata={name: list(values) for name, values in store.class_metadata.items()},
        num_simulations=store.num_simulations,
        source=store.path or "a store in memory",
    )


def read_image_list(
    store: LabelStore, path: str | os.PathLike[str], *, skip_malformed: bool = False
) -> LabelRows:
    """Select the images of a list, such as the published lists of COCO-MLT and VOC-MLT.

    An item of the list is the name of an image in the store, the stem of its file name (``2008_000008``), or
    the number in its file name (``391895`` for ``train2017/000000391895.jpg``).

    Args:
        store: The labels of all images.
        path: A text file with one item per line, which can have any ending (the published ``img_id.pkl`` of
            COCO-MLT is a text file), or a pickled list of items (``.pkl``).
        skip_malformed: Whether to leave out and count items without an image instead of raising.

    Returns:
        The labels of these images, in the order of the list.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If an item does not name exactly one image, or names an image again.
    """
    path = Path(path)
    # Pickled lists begin with one of these bytes; names and numbers of images do not.
    if path.suffix == ".pkl" and path.is_file() and path.read_bytes()[:1] in (b"\x80", b"(", b"]"):
        items = _pickled_items(path)
    elif path.is_file():
        with open_text(str(path)) as file:
            items = list(file)
    else:
        raise FileNotFoundError(f"The list of images must be an existing file. Got {path} instead.")
    row_of_key: dict[str, int] = {}
    for row in range(len(store)):
        name = store.image_name(row)
        stem = PurePosixPath(name).stem
        digits = stem.rpartition("_")[2]
        # Numbers are found in names such as 000000391895 and COCO_train2014_000000391895 of COCO, but not in
        # names such as 2008_000008 of VOC.
        is_number = _is_number(digits) and (digits == stem or len(digits) == 12)
        for key in {name, stem, f"#{int(digits)}" if is_number else name}:
            row_of_key[key] = -1 if row_of_key.get(key, row) != row else row  # -1 if it names two images
    errors = AnnotationErrors(str(path))
    notes: dict[str, int] = {}
    rows: dict[int, None] = {}
    for number, item in enumerate(items, 1):
        item = item.strip()
        if not item:
            continue
        found = row_of_key.get(item, row_of_key.get(f"#{int(item)}") if _is_number(item) else None)
        if found is None or found < 0 or found in rows:
            errors.add(f"line {number}", "image", "one image of the store, named once", item)
        else:
            rows[found] = None
    handle_errors(errors, skip_malformed, notes)
    labels = rows_of_store(store, np.fromiter(rows, dtype=np.int64, count=len(rows)))
    labels.notes, labels.source = notes, path
    return labels


def _is_number(text: str) -> bool:
    return text.isdecimal() and len(text) <= _MOST_DIGITS


def _pickled_items(path: Path) -> list[str]:
    content = read_plain_pickle(path)
    items = [
        item.decode("utf-8", "surrogateescape") if isinstance(item, bytes) else item
        for item in (content if isinstance(content, (list, tuple, np.ndarray)) else [content])
    ]
    wrong = [item for item in items if not isinstance(item, (str, int, np.integer))]
    if wrong:
        raise ValueError(
            f"The pickled file {path} must have a list of names or numbers of images. Got {shown(wrong[0])} "
            "instead."
        )
    return [item if isinstance(item, str) else shown(int(item)) for item in items]
