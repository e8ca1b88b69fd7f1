"""Commands that convert the published files of data sets, by base config.

Each function writes the files of a split below a folder and returns the arguments of the converter without
``--out``.
"""

from __future__ import annotations

from pathlib import Path

from tests.datasets import published_files as files
from tests.tools.run_convert import convert


def open_images(root: Path, split: str) -> list:
    files.write_open_images(root)
    chosen = ["--class-descriptions", root / "classes.csv", "--trainable-classes", root / "trainable.txt"]
    machine = ["--machine-labels", root / "machine.csv", "--machine-threshold", "0.8"]
    more = [*machine, "--hierarchy", root / "hierarchy.json"] if split == "train" else []
    return ["open_images", root / "human.csv", *chosen, *more]


def lvis(root: Path, split: str) -> list:
    return ["lvis", files.write_lvis(root / f"lvis_v1_{split}.json")]


def coco(root: Path, split: str) -> list:
    convention = "keep" if split == "val" else "drop"
    path = files.write_coco(root / f"instances_{split}2014.json")
    return ["coco", path, "--images-without-annotations", convention]


def voc(root: Path, split: str) -> list:
    files.write_voc(root)
    return ["voc", root, {"train": "trainval", "val": "test"}[split]]


def nus_wide(root: Path, split: str) -> list:
    files.write_nus_wide(root)
    return ["nus_wide", root, {"train": "Train", "val": "Test"}[split]]


def cub(root: Path, split: str) -> list:
    files.write_cub(root / "CUB_200_2011")
    part = {"train": "train", "val": "test"}[split]
    return ["cub", root / "CUB_200_2011", part, "--unknown", "not_visible", "guessing"]


def visual_genome(root: Path, split: str) -> list:
    files.write_visual_genome(root)
    images = root / {"train": "train_list_500.txt", "val": "test_list_500.txt"}[split]
    return ["visual_genome", root / "vg_category_200_labels_index.json", images, "--num-classes", "3"]


def chexpert(root: Path, split: str) -> list:
    name = {"train": "train.csv", "val": "valid.csv"}[split]
    return ["chexpert", files.write_chexpert(root / name), "--strip-prefix", "CheXpert-v1.0-small/"]


def coco_mlt(root: Path, split: str) -> list:
    if split == "val":
        return coco(root, split)
    convert(*coco(root, split), "--out", root / "all_labels")
    return ["image_list", root / "all_labels", files.write_lines(root / "img_id.pkl", "8", "6")]


def voc_mlt(root: Path, split: str) -> list:
    if split == "val":
        return voc(root, split)
    convert(*voc(root, split), "--out", root / "all_labels")
    return ["image_list", root / "all_labels", files.write_lines(root / "img_id.txt", "000007", "000005")]


COMMANDS = {
    "open_images": open_images,
    "lvis": lvis,
    "coco2014": coco,
    "coco2017": coco,
    "voc2007_difficult_unknown": voc,
    "voc2012_difficult_unknown": voc,
    "nus_wide": nus_wide,
    "cub_attributes": cub,
    "chexpert": chexpert,
    "visual_genome_200": visual_genome,
    "coco_mlt": coco_mlt,
    "voc_mlt": voc_mlt,
}
