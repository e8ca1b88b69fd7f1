"""A small valid example of every binary format that the package reads: arrays, pickles, stores, sheets."""

from __future__ import annotations

import gzip
import pickle
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import savemat

from mmpretrain_imbalance.datasets import (
    DatasetSubset,
    FeatureStore,
    ImbalancedCIFAR,
    LabelStore,
    MultiDigits,
    label_store_from_array,
)
from mmpretrain_imbalance.datasets.multi_digits import read_idx
from mmpretrain_imbalance.datasets.readers.clothing_attributes import ATTRIBUTES, read_clothing_attributes
from mmpretrain_imbalance.datasets.readers.single_positive import read_single_positive_matrices
from mmpretrain_imbalance.datasets.readers.subset import read_image_list
from mmpretrain_imbalance.datasets.tables import read_label_table
from mmpretrain_imbalance.losses.base.given_pseudo_labels import GivenPseudoLabels
from mmpretrain_imbalance.losses.base.given_soft_labels import read_soft_labels
from mmpretrain_imbalance.metrics.known_predictions import KnownPredictions
from mmpretrain_imbalance.models.feature_backbone import read_statistics
from tests.datasets import published_files as published
from tests.datasets.stored_features import draw, write_store
from tests.faults import plain_arrays as plain
from tests.faults.file_formats import FileFormat, of_store, saved
from tests.faults.plain_readers import Labels

CHECKSUMS = "an error that names the file, or what the undamaged file holds"
EQUAL_ARRAYS = (
    "an error that names the file, or what the arrays of the file plainly hold: they have no checksum"
)

_NAMES = ["a.jpg", "b/c.jpg", "d.jpg"]
_TABLE = [[1, 0, -1], [-1, 1, 0], [0, -1, 1]]
_CLASSES = ["cat", "dog", "elk"]
_ARRAYS = tuple(f"train/{name}.npy" for name in ("indptr", "classes", "values", "name_bytes", "name_offsets"))


def _write_store(folder: Path) -> None:
    label_store_from_array(_TABLE, _NAMES, _CLASSES).save(folder / "train")


def _write_features(folder: Path) -> None:
    write_store(folder / "store", *draw(6))


def _features(folder: Path) -> Any:
    store = FeatureStore.open(folder / "store")
    return store.features.tobytes(), of_store(store.labels)


def _write_arrays(folder: Path) -> None:
    np.save(folder / "labels.npy", np.array(_TABLE))
    np.save(folder / "images.npy", np.array(_NAMES))


def _write_predictions(folder: Path) -> None:
    KnownPredictions(
        images=np.array([0, 0, 1]),
        classes=np.array([0, 1, 1]),
        scores=np.array([0.5, 0.25, 1.0], dtype=np.float32),
        labels=np.array([1, 0, 1]),
        class_names=_CLASSES,
        num_images=2,
    ).save(folder / "predictions.npz")


def _predictions(folder: Path) -> Any:
    found = KnownPredictions.load(folder / "predictions.npz")
    columns = (found.images, found.classes, found.scores, found.labels)
    return [column.tolist() for column in columns], list(found.class_names), found.num_images


def _statistics(folder: Path) -> Any:
    return [array.tolist() for array in read_statistics(folder / "statistics.npz", 3)]


def _write_cifar(folder: Path) -> None:
    published.write_cifar10(folder, per_class=1)


def _cifar(folder: Path) -> Labels:
    return of_store(ImbalancedCIFAR(str(folder), "test", pipeline=[]).label_store)


def _write_digits(folder: Path) -> None:
    published.write_mnist(folder, num_test=10, num_train=10)
    for path in folder.iterdir():
        path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()), mtime=0))


def _digits(folder: Path) -> list[list[int]]:
    MultiDigits(data_root=str(folder), split="test", num_images=2, pipeline=[])
    return [
        read_idx(folder / f"t10k-{kind}-ubyte.gz").ravel().tolist() for kind in ("images-idx3", "labels-idx1")
    ]


def _write_pickled_list(folder: Path) -> None:
    (folder / "img_id.pkl").write_bytes(pickle.dumps([391895, "a b.jpg"], protocol=2))


def _pickled_list(folder: Path) -> Labels:
    names = ["train2017/000000391895.jpg", "a b.jpg"]
    return saved(
        read_image_list(
            label_store_from_array([[0, 1], [1, 0]], names, ["cat", "dog"]), folder / "img_id.pkl"
        ),
        folder,
    )


def _write_clothing(folder: Path) -> None:
    (folder / "labels").mkdir()
    for name, count in ATTRIBUTES.items():
        values = np.arange(4) % count + 1.0
        values[3] = np.nan
        path = folder / "labels" / f"{name}_GT.mat"
        savemat(path, {"GT": values})
        path.write_bytes(b"MATLAB 5.0".ljust(116) + path.read_bytes()[116:])  # without the time of writing


def _clothing(folder: Path) -> Labels:
    return saved(read_clothing_attributes(folder, "all"), folder)


def _sheet(folder: Path, name: str, **options: Any) -> Labels:
    table = read_label_table(folder / name, image_column="image", class_columns=["cat", "dog"], **options)
    return of_store(table.labels)


def _remove_times(path: Path) -> None:
    """Write an archive again, so that its bytes do not depend on the time."""
    with zipfile.ZipFile(path) as old:
        contents = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            content = re.sub(rb"\d{4}-\d\d-\d\dT[\d:.]+", b"2000-01-01T00:00:00", content)
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)


_ROWS = {"image": ["a.jpg", "b.jpg", "c.jpg"], "cat": [1, 0, 1], "dog": [0, 1, None]}


def _write_sheet(name: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        import pandas

        frame = pandas.DataFrame(_ROWS)
        if name.endswith("parquet"):
            frame.to_parquet(folder / name)
        else:
            frame.to_excel(folder / name, index=False, engine="odf" if name.endswith("ods") else "openpyxl")
            _remove_times(folder / name)

    return write


_SHEET_LABELS = (["cat", "dog"], [("a.jpg", [1, 0]), ("b.jpg", [0, 1]), ("c.jpg", [1, -1])])

BINARY_FORMATS = (
    FileFormat(
        "label_store",
        _write_store,
        ("train/manifest.json", *_ARRAYS),
        lambda folder: of_store(LabelStore.open(folder / "train")),
        lambda folder: plain.label_store(folder / "train"),
        EQUAL_ARRAYS,
    ),
    FileFormat(
        "label_store_verified",
        _write_store,
        ("train/manifest.json", *_ARRAYS),
        lambda folder: of_store(LabelStore.open(folder / "train", verify=True)),
        lambda folder: (_CLASSES, list(zip(_NAMES, _TABLE))),
        CHECKSUMS,
    ),
    FileFormat(
        "feature_store",
        _write_features,
        ("store/features.npy", "store/feature_store.json"),
        _features,
        lambda folder: plain.feature_store(folder / "store"),
        EQUAL_ARRAYS,
    ),
    FileFormat(
        "single_positive_npy",
        _write_arrays,
        ("labels.npy", "images.npy"),
        lambda folder: saved(
            read_single_positive_matrices(
                folder / "labels.npy", folder / "images.npy", meaning="zero_is_negative"
            ),
            folder,
        ),
        plain.single_positive,
        EQUAL_ARRAYS,
    ),
    FileFormat(
        "soft_labels_npy",
        lambda folder: np.save(folder / "soft.npy", np.array([[0.5, 0.25], [1.0, 0.0]])),
        ("soft.npy",),
        lambda folder: read_soft_labels(folder / "soft.npy", 2, "SoftLabelLoss").numpy().tobytes(),
        lambda folder: plain.npy(folder / "soft.npy").astype(np.float16).tobytes(),
        EQUAL_ARRAYS,
    ),
    FileFormat(
        "pseudo_labels_npy",
        lambda folder: np.save(folder / "pseudo.npy", np.array([[1, -1], [0, 1]], dtype=np.int8)),
        ("pseudo.npy",),
        lambda folder: plain.pseudo_labels(GivenPseudoLabels(folder / "pseudo.npy", 2), 2),
        lambda folder: plain.npy(folder / "pseudo.npy").tolist(),
        EQUAL_ARRAYS,
    ),
    FileFormat(
        "subset_indices_npy",
        lambda folder: np.save(folder / "indices.npy", np.array([3, 1])),
        ("indices.npy",),
        lambda folder: list(DatasetSubset(list(range(5)), folder / "indices.npy").indices),
        lambda folder: plain.npy(folder / "indices.npy").tolist(),
        EQUAL_ARRAYS,
    ),
    FileFormat(
        "predictions_npz",
        _write_predictions,
        ("predictions.npz",),
        _predictions,
        lambda folder: ([[0, 0, 1], [0, 1, 1], [0.5, 0.25, 1.0], [1, 0, 1]], _CLASSES, 2),
        CHECKSUMS,
    ),
    FileFormat(
        "statistics_npz",
        lambda folder: np.savez(folder / "statistics.npz", mean=np.arange(3.0), std=np.ones(3)),
        ("statistics.npz",),
        _statistics,
        lambda folder: [[0.0, 1.0, 2.0], [1.0, 1.0, 1.0]],
        CHECKSUMS,
    ),
    FileFormat(
        "clothing_attributes_mat",
        _write_clothing,
        ("labels/black_GT.mat", "labels/category_GT.mat"),
        _clothing,
        plain.clothing,
        EQUAL_ARRAYS,
    ),
    FileFormat(
        "cifar_pickle",
        _write_cifar,
        ("cifar-10-batches-py/test_batch", "cifar-10-batches-py/batches.meta"),
        _cifar,
        plain.cifar,
        EQUAL_ARRAYS,
    ),
    FileFormat(
        "image_list_pickle",
        _write_pickled_list,
        ("img_id.pkl",),
        _pickled_list,
        plain.pickled_list,
        EQUAL_ARRAYS,
    ),
    FileFormat(
        "mnist_gz",
        _write_digits,
        ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"),
        _digits,
        plain.mnist,
        CHECKSUMS,
    ),
    FileFormat(
        "table_xlsx",
        _write_sheet("own.xlsx"),
        ("own.xlsx",),
        lambda folder: _sheet(folder, "own.xlsx"),
        lambda folder: _SHEET_LABELS,
        CHECKSUMS,
    ),
    FileFormat(
        "table_ods",
        _write_sheet("own.ods"),
        ("own.ods",),
        lambda folder: _sheet(folder, "own.ods"),
        lambda folder: _SHEET_LABELS,
        CHECKSUMS,
    ),
    FileFormat(
        "table_parquet",
        _write_sheet("own.parquet"),
        ("own.parquet",),
        lambda folder: _sheet(folder, "own.parquet"),
        lambda folder: plain.parquet(folder / "own.parquet"),
        EQUAL_ARRAYS,
    ),
)
