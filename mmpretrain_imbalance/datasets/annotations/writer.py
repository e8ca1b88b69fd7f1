"""Labels as an annotation file that people and other programs can read."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import numpy as np

from ...utils.files import atomic_write
from ..label_store.store import LabelStore


def write_annotations(store: LabelStore, rows: np.ndarray, path: str | os.PathLike) -> None:
    """Write labels as JSON or CSV; the ending of the path says which.

    JSON is OpenMMLab 2.0 style with ``gt_label``, the positives, and ``gt_label_neg``, the known negatives;
    CSV has a row an image and a column a class with 1, 0 or nothing. Whatever is not written is unknown.

    Args:
        store: The labels.
        rows: The images to write, of shape (N,).
        path: The file; an earlier one is replaced once the new one is complete.

    Raises:
        ValueError: If the ending is neither ``.json`` nor ``.csv``.
    """
    ending = Path(path).suffix.lower()
    if ending not in (".json", ".csv"):
        raise ValueError(
            "The 'path' argument of write_annotations must be a file that ends with .json or .csv. Got "
            f"{path} instead."
        )
    with atomic_write(path) as file:
        (_write_json if ending == ".json" else _write_csv)(store, rows, file)


def _write_json(store: LabelStore, rows: np.ndarray, file) -> None:
    metainfo = json.dumps({"classes": list(store.class_names)}, ensure_ascii=False)
    file.write(f'{{"metainfo": {metainfo},\n"data_list": [')
    for number, row in enumerate(rows):
        labels = store.dense(row)
        sample = {
            "img_path": store.image_name(row),
            "gt_label": np.flatnonzero(labels == 1).tolist(),
            "gt_label_neg": np.flatnonzero(labels == 0).tolist(),
        }
        file.write((",\n" if number else "\n") + json.dumps(sample, ensure_ascii=False))
    file.write("\n]}\n")


def _write_csv(store: LabelStore, rows: np.ndarray, file) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["image", *store.class_names])
    cells = np.array(["0", "1", ""])  # by label: 0, 1, -1
    for row in rows:
        writer.writerow([store.image_name(row), *cells[store.dense(row).astype(np.int64)]])
