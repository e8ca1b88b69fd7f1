"""Readers take time in proportion to the number of images, columns, classes or labels."""

from __future__ import annotations

import gc
import json
import time

import numpy as np
import pytest

from mmpretrain_imbalance.datasets import apply_corrections, label_store_from_array
from mmpretrain_imbalance.datasets.annotations.content import read_json
from mmpretrain_imbalance.datasets.annotations.csv_table import read_annotation_csv
from mmpretrain_imbalance.datasets.annotations.json_file import read_annotation_json
from mmpretrain_imbalance.datasets.class_map import chosen_classes, class_maps, new_names
from mmpretrain_imbalance.datasets.label_store.build import select_classes
from mmpretrain_imbalance.datasets.readers.coco import read_coco
from mmpretrain_imbalance.datasets.readers.lvis import read_lvis
from mmpretrain_imbalance.datasets.tables import read_label_table
from mmpretrain_imbalance.utils.class_names import check_class_names


def names(size):
    return [f"class {number}" for number in range(size)]


def written(folder, name, content):
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(path)


def without_error(read, *arguments):
    try:
        read(*arguments)
    except ValueError:
        pass


def repeated_key(folder, size):
    keys = [*range(size), size - 1]
    path = written(folder, "a.json", "{" + ", ".join(f'"{key}.jpg": []' for key in keys) + "}")
    return lambda: without_error(read_json, path)


def repeated_class(folder, size):
    classes = [*names(size), f"class {size - 1}"]
    return lambda: without_error(check_class_names, classes, "The list")


def wide_lines(size):
    rows = [",".join("10"[(row + number) % 2] for number in range(size)) for row in range(2)]
    return "image," + ",".join(names(size)) + "".join(f"\n{n}.jpg,{row}" for n, row in enumerate(rows))


def wide_csv(folder, size):
    path = written(folder, "a.csv", wide_lines(size))
    return lambda: read_annotation_csv(path)


def wide_table_of_chosen_columns(folder, size):
    path = written(folder, "a.csv", wide_lines(size))
    return lambda: read_label_table(path, class_columns=names(size)[1:], ignore=names(size)[:1])


def wide_table_of_ignored_columns(folder, size):
    path = written(folder, "a.csv", wide_lines(size))
    return lambda: read_label_table(path, ignore=[name.upper() for name in names(size)[1:]])


def one_line_per_label(folder, size):
    lines = "".join(f"\na.jpg,{name},1" for name in names(size))
    path = written(folder, "a.csv", f"image,class,value{lines}")
    return lambda: read_annotation_csv(path, names(size)[::-1])


def labels_of_one_image(folder, size):
    sample = dict(img_path="a.jpg", gt_label=names(size)[::2], gt_label_neg=list(range(1, size, 2)))
    path = written(folder, "a.json", dict(metainfo=dict(classes=names(size)), data_list=[sample]))
    return lambda: read_annotation_json(path)


def wrong_labels_of_one_image(folder, size):
    samples = [dict(img_path="a.jpg", gt_label=[0] * size), dict(img_path="b.jpg", gt_label=0)]
    path = written(folder, "a.json", dict(metainfo=dict(classes=names(size)), data_list=samples))
    return lambda: read_annotation_json(path, skip_malformed=True)


def instances(folder, size):
    """Write objects without a valid class, in an image in which each class is known."""
    return written(
        folder,
        "a.json",
        dict(
            images=[dict(id=1, file_name="a.jpg", neg_category_ids=list(range(size)))],
            categories=[dict(id=number, name=name) for number, name in enumerate(names(size))],
            annotations=[dict(id=number, image_id=1, category_id=-1) for number in range(size)],
        ),
    )


def coco_objects_without_class(folder, size):
    path = instances(folder, size)
    return lambda: list(read_coco(path, skip_malformed=True).parts)


def lvis_objects_without_class(folder, size):
    path = instances(folder, size)
    return lambda: list(read_lvis(path, skip_malformed=True).parts)


def classes_in_another_order(folder, size):
    store = label_store_from_array(np.ones((1, size), np.int8), ["a.jpg"], names(size))
    return lambda: select_classes(store, names(size)[::-1])


def renamed_classes(folder, size):
    old, new = names(size), [name.upper() for name in names(size)]

    def rename():
        found = new_names("a", old, dict(zip(old, new)), new, "raise")
        class_maps({"a": found}, new, [chosen_classes("a", old, old[::-1])])

    return rename


def corrections_of_one_image(folder, size):
    store = label_store_from_array(np.ones((1, size), np.int8), ["a.jpg"], names(size))
    lines = "".join(f"\na.jpg,{name},0" for name in names(size))
    path = written(folder, "a.csv", f"image,class,correct{lines}")
    return lambda: apply_corrections(store, path)


def seconds(run, repeats):
    times = []
    gc.disable()  # its time depends on all objects of the process
    for _ in range(repeats):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    gc.enable()
    return min(times)


@pytest.mark.parametrize(
    ("case", "size"),
    [
        (repeated_key, 4000),
        (repeated_class, 4000),
        (wide_csv, 2000),
        (wide_table_of_chosen_columns, 600),
        (wide_table_of_ignored_columns, 300),
        (one_line_per_label, 1500),
        (labels_of_one_image, 2000),
        (wrong_labels_of_one_image, 2000),
        (coco_objects_without_class, 500),
        (lvis_objects_without_class, 1000),
        (classes_in_another_order, 2000),
        (renamed_classes, 1000),
        (corrections_of_one_image, 1000),
    ],
)
def test_sixteen_times_the_size_takes_less_than_80_times_as_long(tmp_path, case, size):
    """A time in proportion to the size is a factor of 16. A search in a list per element is one of 256."""
    factors = []
    while len(factors) < 3 and not (factors and factors[-1] < 80):  # another process may have disturbed it
        one = seconds(case(tmp_path, size), 5)
        factors.append(seconds(case(tmp_path, 16 * size), 2) / one)
    assert min(factors) < 80
