"""Writer of JSON and CSV annotation files."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import IO

import numpy as np

from ...utils.files import atomic_write
from ..label_store.store import LabelStore


def write_annotations(store: LabelStore, rows: np.ndarray, path: str | os.PathLike[str]) -> None:
    """Write labels as JSON or CSV, depending on the ending of the path.

    JSON has the style of OpenMMLab 2.0 with ``gt_label`` (positives) and ``gt_label_neg`` (known negatives).
    CSV has one row per image and one column per class with 1, 0 or a blank cell. Labels that are not written
    are unknown.

    Args:
        store: The labels.
        rows: Rows of the images to write, of shape (N,).
        path: The file. An existing file is replaced after the new one is complete.

    Raises:
        ValueError: If the path does not end with ``.json`` or ``.csv``.
    """
    ending = Path(path).suffix.lower()
    if ending not in (".json", ".csv"):
        raise ValueError(
            "The 'path' argument of write_annotations must be a file that ends with .json or .csv. Got "
            f"{path} instead."
        )
    with atomic_write(path) as file:
        (_write_json if ending == ".json" else _write_csv)(store, rows, file)


def _write_json(store: LabelStore, rows: np.ndarray, file: IO[str]) -> None:
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


def _write_csv(store: LabelStore, rows: np.ndarray, file: IO[str]) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["image", *store.class_names])
    cells = np.array(["0", "1", ""])  # indexed by label; -1 is the last
    for row in rows:
        writer.writerow([store.image_name(row), *cells[store.dense(row).astype(np.int64)]])
