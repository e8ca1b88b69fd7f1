"""A small valid example of every text format that the package reads, with two readers of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmpretrain_imbalance.datasets import LabelStore, label_store_from_array
from mmpretrain_imbalance.datasets.annotations.corrections import read_corrections
from mmpretrain_imbalance.datasets.annotations.csv_table import read_annotation_csv
from mmpretrain_imbalance.datasets.annotations.json_file import read_annotation_json
from mmpretrain_imbalance.datasets.annotations.label_rows import LabelRows
from mmpretrain_imbalance.datasets.readers.chexpert import read_chexpert
from mmpretrain_imbalance.datasets.readers.coco import read_coco
from mmpretrain_imbalance.datasets.readers.cub import read_cub
from mmpretrain_imbalance.datasets.readers.lvis import read_lvis
from mmpretrain_imbalance.datasets.readers.nus_wide import read_nus_wide
from mmpretrain_imbalance.datasets.readers.open_images import read_open_images
from mmpretrain_imbalance.datasets.readers.subset import read_image_list
from mmpretrain_imbalance.datasets.readers.visual_genome import read_visual_genome
from mmpretrain_imbalance.datasets.readers.voc import read_voc
from mmpretrain_imbalance.datasets.tables import read_label_table
from mmpretrain_imbalance.utils.class_values import read_named_values
from tests.datasets import published_files as published
from tests.datasets.published_files import write_lines
from tests.datasets.tables.test_exports import CVAT
from tests.faults import plain_readers as plain
from tests.faults.plain_readers import Labels

EQUAL_LABELS = "an error that names the file, or the labels of a plain reader of the same bytes"


@dataclass(frozen=True)
class FileFormat:
    """A format of files, and how the package and an independent reader read it.

    Attributes:
        name: Name of the format.
        write: Function that writes a valid example into an empty folder.
        files: Path of each file that can be damaged, in this folder.
        read: Function that reads the folder with the package.
        plain: Function that reads the same folder independently; the results are compared. ``None`` for a
            format without checksums, of which any content that is accepted is right.
        law: What must hold after damage.
    """

    name: str
    write: Callable[[Path], object]
    files: tuple[str, ...]
    read: Callable[[Path], Any]
    plain: Callable[[Path], Any] | None
    law: str = EQUAL_LABELS


def of_store(store: LabelStore) -> Labels:
    """Names and labels of a store, after the checks that a dataset makes when it is built."""
    store.label_counts()
    rows = range(len(store))
    return [*store.class_names], [
        (store.image_name(row), store.dense(row).astype(int).tolist()) for row in rows
    ]


def saved(rows: LabelRows, folder: Path) -> Labels:
    """Convert the rows into a store, as tools/dataset_converters/convert.py does, and read this."""
    number = sum(1 for _ in folder.glob("converted*"))
    return of_store(rows.save(folder / f"converted{number}"))


def one_file(
    name: str,
    content: str,
    read: Callable[[Path], Any],
    plain_reader: Callable[[Path], Any],
    law: str = EQUAL_LABELS,
) -> FileFormat:
    """Return a format of a single file, whose name ends as its format's."""
    format_name, file = name.split(":")

    def write(folder: Path) -> object:
        return (folder / file).write_text(content, encoding="utf-8")

    return FileFormat(
        format_name,
        write,
        (file,),
        lambda folder: read(folder / file),
        lambda folder: plain_reader(folder / file),
        law,
    )


WIDE = "image,cat,dog,elk\na.jpg,1,0,\nb.jpg,,1,0\nphotos/c.jpg,-1,0,1.0\nd.jpg,0.0,,1\n"
LONG = "image,class,value\na.jpg,cat,1\na.jpg,dog,0\nb.jpg,dog,1\nb.jpg,elk,-1\nc.jpg,cat,0\n"
ANNOTATIONS = {
    "metainfo": {"classes": ["cat", "dog", "elk"]},
    "data_list": [
        {"img_path": "a.jpg", "gt_label": ["cat"], "gt_label_neg": ["dog"]},
        {"img_path": "b.jpg", "gt_label": [1], "gt_label_neg": [2]},
        {"img_path": "c.jpg", "gt_score": [1, 0, -1]},
    ],
}
CORRECTIONS = "image,class,correct,label,reason\na.jpg,cat,1,0,sure\nb.jpg,dog,,1,\nb.jpg,elk,0,-1,\n"
TABLE = (
    "image,cat,dog,remark\na.jpg,yes,no,blurred\nb.jpg,no,,\nphotos\\c.jpg,,yes,\nd.jpg,1,0,late\ne.jpg,?,,\n"
)
TASKS = [
    {
        "id": number,
        "data": {"image": f"/data/upload/1/0a1b2c3{number}-{name}.jpg"},
        "annotations": [
            {
                "was_cancelled": False,
                "result": [{"from_name": "animals", "type": "choices", "value": {"choices": names}}],
            }
            for names in chosen
        ],
    }
    for number, (name, chosen) in enumerate(
        [("a", [["cat"]]), ("b", [["dog"], ["dog", "cat"]]), ("c", []), ("d", [["elk"]])]
    )
]
PRIOR = {"classes": ["cat", "dog", "elk"], "class_prior": [0.125, 0.25, 1.0]}


def _class_values(path: Path) -> Labels:
    names = ["cat", "dog", "elk"]
    return names, [("class_prior", read_named_values(path, "class_prior", names))]  # type: ignore[list-item]


def _corrections(path: Path) -> Labels:
    found = read_corrections(path)
    return [], [(item.image, [item.class_name, item.correct]) for item in found]  # type: ignore[list-item]


def _table(path: Path) -> Labels:
    table = read_label_table(path, image_column="image", class_columns=["cat", "dog"], encoding="utf-8")
    return of_store(table.labels)


def _delimited(delimiter: str) -> Callable[[Path], Labels]:
    def read(path: Path) -> Labels:
        table = read_label_table(
            path,
            image_column="image",
            class_columns=["cat", "dog"],
            encoding="utf-8",
            delimiter=delimiter,
            progress=False,
        )
        return of_store(table.labels)

    return read


def _image_list(path: Path) -> Labels:
    names = ["train2017/000000391895.jpg", "2008_000008.jpg", "a b.jpg"]
    store = label_store_from_array([[0, 1], [1, 0], [0, 1]], names, ["cat", "dog"])
    return saved(read_image_list(store, path), path.parent)


def _write_image_list(folder: Path) -> None:
    write_lines(folder / "list.txt", "391895", "2008_000008", "a b.jpg")


def _cub(folder: Path) -> Labels:
    return saved(read_cub(folder / "CUB"), folder)


def _open_images(folder: Path) -> Labels:
    (folder / "work").mkdir(exist_ok=True)
    rows = read_open_images(
        [folder / "human.csv"],
        folder / "classes.csv",
        trainable_classes=folder / "trainable.txt",
        image_ids=folder / "ids.csv",
        machine_labels=[folder / "machine.csv"],
        machine_threshold=0.8,
        hierarchy=folder / "hierarchy.json",
        work_dir=folder / "work",
    )
    return saved(rows, folder)


def _visual_genome(folder: Path) -> Labels:
    labels, listing = folder / "vg_category_200_labels_index.json", folder / "train_list_500.txt"
    return saved(read_visual_genome(labels, listing, num_classes=3), folder)


_NUS_WIDE = "Groundtruth/TrainTestLabels/Labels_{}_Train.txt"
TEXT_FORMATS = (
    one_file(
        "annotation_csv:train.csv",
        WIDE,
        lambda path: of_store(read_annotation_csv(str(path))),
        plain.annotation_csv,
    ),
    one_file(
        "annotation_long_csv:train.csv",
        LONG,
        lambda path: of_store(read_annotation_csv(str(path))),
        plain.annotation_csv,
    ),
    one_file(
        "annotation_json:train.json",
        json.dumps(ANNOTATIONS),
        lambda path: of_store(read_annotation_json(str(path))),
        plain.annotation_json,
    ),
    one_file("corrections:suspects.csv", CORRECTIONS, _corrections, plain.corrections),
    one_file("class_prior_json:prior.json", json.dumps(PRIOR), _class_values, plain.class_values),
    one_file(
        "class_prior_csv:prior.csv",
        "class,class_prior\ncat,0.125\ndog,0.25\ndefault,1.0\n",
        _class_values,
        plain.class_values,
    ),
    one_file("table_csv:own.csv", TABLE, _delimited(","), lambda path: plain.user_table(path, ",")),
    one_file(
        "table_tsv:own.tsv",
        TABLE.replace(",", "\t"),
        _delimited("tab"),
        lambda path: plain.user_table(path, "\t"),
    ),
    one_file(
        "label_studio:tasks.json",
        json.dumps(TASKS),
        lambda path: of_store(read_label_table(path, image_column="image").labels),
        plain.label_studio,
    ),
    one_file("cvat:cvat.xml", CVAT, lambda path: of_store(read_label_table(path).labels), plain.cvat),
    FileFormat(
        "coco",
        lambda folder: published.write_coco(folder / "instances.json"),
        ("instances.json",),
        lambda folder: saved(read_coco(folder / "instances.json"), folder),
        lambda folder: plain.coco(folder / "instances.json"),
    ),
    FileFormat(
        "lvis",
        lambda folder: published.write_lvis(folder / "lvis.json"),
        ("lvis.json",),
        lambda folder: saved(read_lvis(folder / "lvis.json"), folder),
        lambda folder: plain.lvis(folder / "lvis.json"),
    ),
    FileFormat(
        "voc",
        published.write_voc,
        ("Annotations/000005.xml", "Annotations/000007.xml", "ImageSets/Main/trainval.txt"),
        lambda folder: saved(read_voc(folder, "trainval"), folder),
        plain.voc,
    ),
    FileFormat(
        "open_images",
        published.write_open_images,
        ("human.csv", "machine.csv", "classes.csv", "trainable.txt", "ids.csv", "hierarchy.json"),
        _open_images,
        plain.open_images,
    ),
    FileFormat(
        "nus_wide",
        published.write_nus_wide,
        (
            "ConceptsList/Concepts81.txt",
            "ImageList/TrainImagelist.txt",
            _NUS_WIDE.format("airport"),
            _NUS_WIDE.format("zebra"),
        ),
        lambda folder: saved(read_nus_wide(folder, "Train"), folder),
        plain.nus_wide,
    ),
    FileFormat(
        "cub",
        lambda folder: published.write_cub(folder / "CUB"),
        (
            "CUB/images.txt",
            "CUB/train_test_split.txt",
            "attributes.txt",
            "CUB/attributes/image_attribute_labels.txt",
        ),
        _cub,
        lambda folder: plain.cub(folder / "CUB"),
    ),
    FileFormat(
        "chexpert",
        lambda folder: published.write_chexpert(folder / "train.csv"),
        ("train.csv",),
        lambda folder: saved(read_chexpert(folder / "train.csv"), folder),
        lambda folder: plain.chexpert(folder / "train.csv"),
    ),
    FileFormat(
        "visual_genome",
        published.write_visual_genome,
        ("vg_category_200_labels_index.json", "train_list_500.txt"),
        _visual_genome,
        plain.visual_genome,
    ),
    FileFormat(
        "image_list",
        _write_image_list,
        ("list.txt",),
        lambda folder: _image_list(folder / "list.txt"),
        lambda folder: plain.image_list(folder / "list.txt"),
    ),
)
