"""Small data sets on disk, in the formats that the shipped configs read."""

from __future__ import annotations

import pickle
from pathlib import Path

import cv2
import numpy as np
from mmpretrain.datasets import VOC

from mmpretrain_imbalance.datasets.label_store.build import build_label_store

VOC_OBJECT = "<object><name>{name}</name><difficult>{difficult}</difficult></object>"


def write_images(folder: Path, names: list[str]) -> None:
    """Write images of 48 x 64 random pixels."""
    generator = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        cv2.imwrite(str(folder / name), generator.integers(0, 256, (48, 64, 3), dtype=np.uint8))


def write_voc(root: Path) -> None:
    """Write four images, each with a cat, another object, and a difficult object of a third class."""
    classes = VOC.METAINFO["classes"]
    names = [f"{index:06d}" for index in range(4)]
    write_images(root / "JPEGImages", [f"{name}.jpg" for name in names])
    for folder in ("Annotations", "ImageSets/Main"):
        (root / folder).mkdir(parents=True)
    for index, name in enumerate(names):
        objects = ((classes[index], 0), ("cat", 0), (classes[12 + index], 1))
        body = "".join(VOC_OBJECT.format(name=shown, difficult=difficult) for shown, difficult in objects)
        (root / "Annotations" / f"{name}.xml").write_text(f"<annotation>{body}</annotation>")
    for split in ("trainval", "test"):
        (root / "ImageSets" / "Main" / f"{split}.txt").write_text("\n".join(names))


def write_labels(root: Path, image_folder: str, file: str, num_classes: int) -> None:
    """Write four images and their CSV table or label store, in which every third label is unknown."""
    names = [f"{index}.jpg" for index in range(4)]
    write_images(root / image_folder, names)
    labels = np.array([1, 0, -1])[(np.arange(4)[:, None] + np.arange(num_classes)) % 3]
    classes = [f"class_{index}" for index in range(num_classes)]
    if file.endswith(".csv"):
        cells = [["" if label == -1 else str(label) for label in row] for row in labels]
        lines = [",".join(["image", *classes]), *(",".join([n, *row]) for n, row in zip(names, cells))]
        (root / file).write_text("\n".join(lines) + "\n")
    elif not (root / file).exists():
        rows, columns = np.nonzero(labels != -1)
        values = labels[rows, columns].astype(np.int8)
        build_label_store(rows, columns, values, names, classes, default_label=-1).save(root / file)


def write_cifar(root: Path, num_classes: int) -> None:
    """Write the files of CIFAR-10 or CIFAR-100 with one image per class in each file."""
    if num_classes == 10:
        folder, labels, meta, names = "cifar-10-batches-py", b"labels", "batches.meta", b"label_names"
        files = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]
    else:
        folder, labels, meta, names = "cifar-100-python", b"fine_labels", "meta", b"fine_label_names"
        files = ["train", "test"]
    data = np.random.default_rng(0).integers(0, 256, (num_classes, 3072), dtype=np.uint8)
    contents = {file: {b"data": data, labels: list(range(num_classes))} for file in files}
    contents[meta] = {names: [f"class {number}".encode() for number in range(num_classes)]}
    (root / folder).mkdir(parents=True, exist_ok=True)
    for file, content in contents.items():
        (root / folder / file).write_bytes(pickle.dumps(content, protocol=2))
