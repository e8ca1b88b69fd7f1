"""Writers of tiny annotation files in the formats of published data sets."""

from __future__ import annotations

import gzip
import json
import pickle
import struct
from pathlib import Path

import numpy as np

from mmpretrain_imbalance.datasets import LabelStore
from mmpretrain_imbalance.datasets.annotations.label_rows import LabelRows

OPEN_IMAGES_IDS = ["000595fe6fee6369", "00075905539074f2", "a00a1249af2bc5f0", "fffc65f5d0b4dc0a"]


def table_of(store: LabelStore) -> list[list[int]]:
    return [store.dense(image).astype(int).tolist() for image in range(len(store))]


def names_of(store: LabelStore) -> list[str]:
    return [store.image_name(image) for image in range(len(store))]


def saved(rows: LabelRows, folder: Path) -> LabelStore:
    store = rows.save(folder)
    store.verify()
    return store


def write_lines(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def write_json(path: Path, content: object) -> Path:
    return write_lines(path, json.dumps(content))


def write_open_images(root: Path) -> None:
    a, b, c, d = OPEN_IMAGES_IDS
    write_lines(
        root / "human.csv",
        "ImageID,Source,LabelName,Confidence",
        f"{c},verification,/m/0bt9lr,1",
        f"{a},verification,/m/0jbk,0",
        f"{b},crowdsource-verification,/m/01yrx,1",
        f"{c},verification,/m/01yrx,0",
        f"{a},verification,/m/04rky,1",
        f"{d},verification,/m/0zzz,1",
    )
    write_lines(
        root / "machine.csv",
        "ImageID,Source,LabelName,Confidence",
        f"{d},machine,/m/01yrx,0.9",
        f"{d},machine,/m/0bt9lr,0.4",
        f"{c},machine,/m/01yrx,0.9",
    )
    write_lines(
        root / "classes.csv",
        "LabelName,DisplayName",
        "/m/01yrx,Cat",
        "/m/0bt9lr,Dog",
        '/m/0jbk,"Animal, any"',
        "/m/04rky,Mammal",
        "/m/0zzz,Gadget",
    )
    write_lines(root / "trainable.txt", "/m/0jbk", "/m/04rky", "/m/01yrx", "/m/0bt9lr")
    write_lines(root / "ids.csv", "ImageID,Subset", f"{d},train", f"{a},train", f"{c},train")
    mammal = {"LabelName": "/m/04rky", "Subcategory": [{"LabelName": "/m/01yrx"}, {"LabelName": "/m/0bt9lr"}]}
    animal = {"LabelName": "/m/0jbk", "Subcategory": [mammal], "Part": [{"LabelName": "/m/0zzz"}]}
    write_json(root / "hierarchy.json", {"LabelName": "/m/0bl9f", "Subcategory": [animal]})


def write_coco(path: Path) -> Path:
    def item(number: int, image: int, category: int, crowd: int = 0, area: float = 500.0) -> dict:
        return dict(
            id=number, image_id=image, category_id=category, iscrowd=crowd, area=area, bbox=[0, 0, 9, 9]
        )

    return write_json(
        path,
        dict(
            images=[dict(id=9 - row, file_name=f"{9 - row:012d}.jpg", width=8, height=8) for row in range(4)],
            # Ids with a gap and not in order, as in COCO.
            categories=[dict(id=3, name="car"), dict(id=1, name="person"), dict(id=90, name="toothbrush")],
            annotations=[
                item(1, 9, 1),
                item(2, 9, 3, crowd=1),
                item(3, 8, 90, area=5.0),
                item(4, 8, 1, crowd=1),
                item(5, 8, 1),
                item(6, 6, 3, area=5.0),
                item(7, 6, 3),
            ],
        ),
    )


def write_lvis(path: Path) -> Path:
    url = "http://images.cocodataset.org/{}/{:012d}.jpg"
    images = [
        dict(
            id=5,
            coco_url=url.format("train2017", 5),
            neg_category_ids=[2],
            not_exhaustive_category_ids=[1],
        ),
        dict(id=7, coco_url=url.format("val2017", 7), neg_category_ids=[], not_exhaustive_category_ids=[3]),
        dict(
            id=6,
            coco_url=url.format("train2017", 6),
            neg_category_ids=[1, 3],
            not_exhaustive_category_ids=[],
        ),
    ]
    categories = [
        dict(id=2, name="aerosol_can", frequency="c", image_count=20),
        dict(id=1, name="banana", frequency="f", image_count=200),
        dict(id=3, name="yoke", frequency="r", image_count=2),
    ]
    pairs = [(5, 1), (5, 1), (7, 2), (6, 2)]
    items = [
        dict(id=n, image_id=image, category_id=category, area=9.0)
        for n, (image, category) in enumerate(pairs)
    ]
    return write_json(path, dict(images=images, categories=categories, annotations=items))


def write_voc(root: Path) -> None:
    objects = {
        "000005": [("chair", 0), ("chair", 1), ("bottle", 1)],
        "000007": [("car", 0)],
        "000009": [("person", 1)],
    }
    for name, shown in objects.items():
        items = "".join(f"<object><name>{c}</name><difficult>{d}</difficult></object>" for c, d in shown)
        write_lines(root / "Annotations" / f"{name}.xml", f"<annotation>{items}</annotation>")
    write_lines(root / "ImageSets" / "Main" / "trainval.txt", *objects)
    write_lines(root / "ImageSets" / "Main" / "test.txt", "000007", "000005")


def write_cub(root: Path) -> None:
    images = ["001.Black_footed_Albatross/a.jpg", "001.Black_footed_Albatross/b.jpg", "002.Laysan/c.jpg"]
    write_lines(root / "images.txt", *(f"{number} {name}" for number, name in enumerate(images, 1)))
    write_lines(root / "train_test_split.txt", "1 1", "2 0", "3 1")
    names = ["has_bill_shape::curved", "has_bill_shape::dagger", "has_wing_color::blue"]
    write_lines(root.parent / "attributes.txt", *(f"{number} {name}" for number, name in enumerate(names, 1)))
    certainties = [[3, 4, 1], [4, 4, 4], [2, 4, 3]]
    present = [[0, 1, 0], [1, 0, 0], [1, 0, 1]]
    lines = [
        f"{image + 1} {attribute + 1} {present[image][attribute]} {certainties[image][attribute]} 12.7080"
        for image in range(3)
        for attribute in range(3)
    ]
    write_lines(root / "attributes" / "image_attribute_labels.txt", *lines)


def write_nus_wide(root: Path) -> None:
    write_lines(root / "ConceptsList" / "Concepts81.txt", "airport", "zebra")
    write_lines(root / "ImageList" / "TrainImagelist.txt", "actor\\0001_2124494179.jpg", "zoo\\0002_99.jpg")
    write_lines(root / "ImageList" / "TestImagelist.txt", "zoo\\0003_7.jpg", "actor\\0004_8.jpg")
    folder = root / "Groundtruth" / "TrainTestLabels"
    write_lines(folder / "Labels_airport_Train.txt", "0", "1")
    write_lines(folder / "Labels_zebra_Train.txt", "1", "1")
    write_lines(folder / "Labels_airport_Test.txt", "1", "0")
    write_lines(folder / "Labels_zebra_Test.txt", "0", "1")


def write_chexpert(path: Path) -> Path:
    folder = "CheXpert-v1.0-small/train/patient0000{}/study1/view1_frontal.jpg"
    return write_lines(
        path,
        "Path,Sex,Age,Frontal/Lateral,AP/PA,No Finding,Edema,Fracture",
        f"{folder.format(1)},Female,68,Frontal,AP,1.0,,0.0",
        f"{folder.format(2)},Male,87,Lateral,,,-1.0,1.0",
    )


def write_visual_genome(root: Path) -> None:
    labels = {"1.jpg": [0, 2], "2.jpg": [1], "3.jpg": []}
    write_json(root / "vg_category_200_labels_index.json", labels)
    write_lines(root / "train_list_500.txt", "3.jpg", "1.jpg")
    write_lines(root / "test_list_500.txt", "2.jpg")


def write_cifar10(root: Path, per_class: int = 10) -> np.ndarray:
    """Write five files, each with images of all classes, and return the labels in the order of the files."""
    folder = root / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    generator = np.random.default_rng(0)
    labels = []
    for file in [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]:
        classes = generator.permutation(np.repeat(np.arange(10), per_class))
        # Planes of red, green and blue. The red value of the first pixel is the class.
        data = generator.integers(0, 256, (len(classes), 3072), dtype=np.uint8)
        data[:, 0] = classes
        (folder / file).write_bytes(pickle.dumps({b"data": data, b"labels": classes.tolist()}, protocol=2))
        labels.append(classes)
    names = {b"label_names": [f"thing {number}".encode() for number in range(10)]}
    (folder / "batches.meta").write_bytes(pickle.dumps(names, protocol=2))
    return np.concatenate(labels[:5])


def write_cifar100(root: Path, per_class: int = 2) -> None:
    folder = root / "cifar-100-python"
    folder.mkdir(parents=True)
    generator = np.random.default_rng(0)
    for file in ("train", "test"):
        classes = generator.permutation(np.repeat(np.arange(100), per_class))
        data = generator.integers(0, 256, (len(classes), 3072), dtype=np.uint8)
        coarse = (classes // 5).tolist()
        content = {b"data": data, b"fine_labels": classes.tolist(), b"coarse_labels": coarse}
        (folder / file).write_bytes(pickle.dumps(content, protocol=2))
    names = {b"fine_label_names": [f"thing {number}".encode() for number in range(100)]}
    (folder / "meta").write_bytes(pickle.dumps(names, protocol=2))


def write_mnist(root: Path, num_train: int = 60, num_test: int = 40) -> Path:
    """Write MNIST's four files with fewer digits, whose pixels are the class + 1 (train) or + 101 (test)."""
    root.mkdir(parents=True, exist_ok=True)
    for prefix, size, offset in (("train", num_train, 1), ("t10k", num_test, 101)):
        labels = np.arange(size, dtype=np.uint8) % 10
        pictures = np.repeat(labels + offset, 28 * 28).reshape(size, 28, 28)
        for name, array in (("images-idx3", pictures), ("labels-idx1", labels)):
            header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
            (root / f"{prefix}-{name}-ubyte.gz").write_bytes(gzip.compress(header + array.tobytes()))
    return root
