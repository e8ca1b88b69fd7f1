"""Convert the published annotations of a data set into a label store for PartialLabelDataset.

python tools/dataset_converters/convert.py lvis lvis_v1_train.json --out data/lvis/train_labels

docs/datasets.md lists the required files of each data set. A label store can be compared with its checksums,
for example after it was copied:

python tools/dataset_converters/convert.py verify data/lvis/train_labels
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1]))  # where _lib is

from _lib.quiet_import import import_mmpretrain

MEANINGS = ["positive", "negative", "unknown"]
REPEATED_IMAGES = ["raise", "join", "keep"]
CONFLICTS = ["raise", "positive", "negative", "unknown"]
PROTOCOLS = ["rps", "fpc", "single_positive", "n_per_image", "known_label_ratio", "drop_positives"]


def parse_args(arguments: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line, with one sub-command per data set whose options are the reader's arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="data set", required=True, metavar="DATA_SET")

    def command(name: str, text: str, malformed: bool = True) -> argparse.ArgumentParser:
        added = commands.add_parser(
            name, help=text, description=text, formatter_class=argparse.ArgumentDefaultsHelpFormatter
        )
        added.add_argument("--out", required=True, help="folder of the new label store; must not exist")
        if malformed:
            help_text = "leave out malformed rows and print their number, instead of raising"
            added.add_argument("--skip-malformed", action="store_true", help=help_text)
        return added

    one = command("open_images", "Open Images V3 to V7, image-level labels")
    one.add_argument("human_labels", nargs="+", help="tables of human-verified labels")
    one.add_argument("--class-descriptions", required=True, help="table of label names and display names")
    one.add_argument("--trainable-classes", help="list of the label names of the classes")
    one.add_argument("--image-ids", help="table with the column ImageID of the images to convert")
    one.add_argument("--machine-labels", nargs="+", default=(), help="tables of machine-generated labels")
    one.add_argument(
        "--machine-threshold", type=float, help="minimum confidence of positive machine-generated labels"
    )
    one.add_argument(
        "--hierarchy", help="JSON file; positives imply the classes above, negatives the classes below"
    )
    help_text = "label of a class with both positive and negative human labels in one image"
    one.add_argument("--conflicts", choices=CONFLICTS, default="raise", help=help_text)
    one.add_argument(
        "--work-dir", help="folder for temporary files, 14 bytes per label; by default the folder of --out"
    )

    one = command("lvis", "LVIS v1")
    one.add_argument("annotations", help="lvis_v1_train.json or lvis_v1_val.json")

    one = command("coco", "COCO 2014 or 2017")
    one.add_argument("annotations", help="such as instances_train2014.json")
    help_text = "'drop' gives 82,081 of the 82,783 images of train2014"
    one.add_argument("--images-without-annotations", choices=["keep", "drop"], default="keep", help=help_text)
    help_text = "label of a class whose objects are all marked as crowd"
    one.add_argument("--crowd", choices=MEANINGS, default="positive", help=help_text)
    help_text = "objects with a smaller area in pixels are small"
    one.add_argument("--small-area", type=float, default=0.0, help=help_text)
    help_text = "label of a class whose objects are all small"
    one.add_argument("--small", choices=MEANINGS, default="unknown", help=help_text)

    one = command("voc", "Pascal VOC 2007 or 2012")
    one.add_argument("root", help="such as VOCdevkit/VOC2007")
    one.add_argument("split", help="name of a list in ImageSets/Main, such as trainval")
    help_text = "label of a class whose objects are all marked as difficult"
    one.add_argument("--difficult", choices=MEANINGS, default="unknown", help=help_text)

    one = command("nus_wide", "NUS-WIDE, 81 concepts")
    one.add_argument("root", help="folder with ConceptsList, ImageList and Groundtruth")
    one.add_argument("split", choices=["Train", "Test"])

    one = command("cub", "CUB-200-2011, 312 attributes")
    one.add_argument("root", help="folder with images.txt and attributes")
    one.add_argument("split", choices=["train", "test", "all"])
    certainties = ["not_visible", "guessing", "probably", "definitely"]
    help_text = "certainties whose labels are unknown; '--unknown' without a value keeps all labels"
    one.add_argument("--unknown", nargs="*", choices=certainties, default=["not_visible"], help=help_text)

    one = command("clothing_attributes", "Clothing Attributes, 36 columns of 26 attributes", False)
    one.add_argument("root", help="folder with labels")
    help_text = "part of our random split; none is published"
    one.add_argument("split", choices=["train", "test", "all"], help=help_text)

    one = command("chexpert", "CheXpert, and tables in its format")
    one.add_argument("table", help="such as train.csv")
    one.add_argument("--uncertain", choices=MEANINGS, default="unknown", help="label for -1")
    one.add_argument("--blank", choices=MEANINGS, default="unknown", help="label for a blank cell")
    one.add_argument("--strip-prefix", default="", help="prefix to remove from every path")

    one = command("single_positive", "matrices of the single-positive literature", False)
    one.add_argument("labels", help=".npy matrix with one row per image")
    one.add_argument("images", help=".npy list of image names")
    help_text = "label convention: 0 is unknown and -1 negative, or 0 is negative and -1 unknown"
    one.add_argument(
        "--meaning", required=True, choices=["zero_is_unknown", "zero_is_negative"], help=help_text
    )
    help_text = "text file with one name per line; by default classes are numbered"
    one.add_argument("--class-names", help=help_text)

    one = command("visual_genome", "Visual Genome with 200 or 500 categories")
    one.add_argument("labels", help="such as vg_category_200_labels_index.json")
    one.add_argument("image_list", help="such as train_list_500.txt")
    one.add_argument("--num-classes", type=int, default=200, help="number of categories")
    help_text = "text file with one name per line; by default classes are numbered"
    one.add_argument("--class-names", help=help_text)

    one = command("folders", "image folders, one per class", False)
    one.add_argument("root", help="folder that contains the class folders")
    help_text = "label of all other classes of an image"
    one.add_argument("--others", required=True, choices=["unknown", "negative"], help=help_text)

    one = command("table", "a CSV or JSON annotation file of this package")
    one.add_argument("annotations", help="see docs/data.md")
    help_text = "label of classes that a sample of a JSON file does not list"
    one.add_argument("--default-label", choices=["unknown", "negative"], default="unknown", help=help_text)
    help_text = "images that are named more than once: raise an error, join their labels, or keep all"
    one.add_argument("--repeated-images", choices=REPEATED_IMAGES, default="raise", help=help_text)
    help_text = "text file with one class name per line, for a file without a class list"
    one.add_argument("--class-names", help=help_text)

    one = command("image_list", "listed images of a label store, such as COCO-MLT and VOC-MLT")
    one.add_argument("store", help="label store with all images")
    one.add_argument("images", help="text file with one image per line, or a pickled list")

    help_text = "a long-tailed subset of a label store, with sizes of a Pareto distribution"
    one = command("long_tailed", help_text, False)
    one.add_argument("store", help="label store with all images")
    one.add_argument("--largest", type=int, required=True, help="positives of the most frequent class")
    one.add_argument("--smallest", type=int, required=True, help="positives of the rarest class")
    help_text = "shape parameter of the Pareto distribution"
    one.add_argument("--shape", type=float, default=6.0, help=help_text)
    one.add_argument("--seed", type=int, default=0, help="seed of the random choice of images")

    one = command("simulate", "a label store with some labels hidden", False)
    one.add_argument("store", help="label store with all labels")
    one.add_argument("protocol", choices=PROTOCOLS, help="see docs/data.md")
    one.add_argument("--probability", type=float, help="argument of rps and drop_positives")
    one.add_argument("--num-labels", type=int, help="argument of fpc and n_per_image")
    one.add_argument("--known-label-ratio", type=float, help="argument of known_label_ratio")
    one.add_argument("--seed", type=int, default=0, help="seed of the random choice of labels")

    text = "verify the checksums of label stores"
    one = commands.add_parser("verify", help=text, description=text)
    one.add_argument("stores", nargs="+", help="folders of label stores")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    ARGS = parse_args()  # before the imports, which take seconds
import_mmpretrain()

import numpy as np
from _lib.file_system_errors import error_text
from rich.progress import track

from mmpretrain_imbalance.datasets import LabelStore
from mmpretrain_imbalance.datasets.annotations.content import csv_rows, open_text
from mmpretrain_imbalance.datasets.annotations.csv_table import is_long_header, read_annotation_csv
from mmpretrain_imbalance.datasets.annotations.json_file import read_annotation_json
from mmpretrain_imbalance.datasets.annotations.label_rows import LabelRows
from mmpretrain_imbalance.datasets.readers.chexpert import read_chexpert
from mmpretrain_imbalance.datasets.readers.clothing_attributes import read_clothing_attributes
from mmpretrain_imbalance.datasets.readers.coco import read_coco
from mmpretrain_imbalance.datasets.readers.cub import read_cub
from mmpretrain_imbalance.datasets.readers.image_folders import read_image_folders
from mmpretrain_imbalance.datasets.readers.long_tailed_subset import long_tailed_subset
from mmpretrain_imbalance.datasets.readers.lvis import read_lvis
from mmpretrain_imbalance.datasets.readers.nus_wide import read_nus_wide
from mmpretrain_imbalance.datasets.readers.open_images import read_open_images
from mmpretrain_imbalance.datasets.readers.single_positive import read_single_positive_matrices
from mmpretrain_imbalance.datasets.readers.subset import read_image_list, rows_of_store
from mmpretrain_imbalance.datasets.readers.visual_genome import read_visual_genome
from mmpretrain_imbalance.datasets.readers.voc import read_voc
from mmpretrain_imbalance.datasets.simulate_store import LabelSource, simulate_store
from mmpretrain_imbalance.functional.labels import LABEL_WORDS
from mmpretrain_imbalance.functional.simulation import protocol_amount
from mmpretrain_imbalance.utils.printable import PrintableConsole, printable


def open_images(out: str, work_dir: str | None, **options: Any) -> LabelRows:
    """Read Open Images, by default with temporary files in the folder of the new store."""
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    return read_open_images(work_dir=work_dir or Path(out).parent, **options)


def single_positive(class_names: str | None, **options: Any) -> LabelRows:
    """Read the matrices of the single-positive literature, with class names from a file."""
    return read_single_positive_matrices(class_names=names_in(class_names), **options)


def names_in(path: str | None) -> list[str] | None:
    """Return the lines of a file, without empty lines."""
    if path is None:
        return None
    with open_text(path) as file:
        return [line.strip() for line in file if line.strip()]


def is_long_table(path: str) -> bool:
    """Return whether a CSV file has one line per label."""
    with open_text(path) as file:
        return is_long_header(next(csv_rows(file, path), (1, []))[1])


def table(annotations: str, default_label: str, class_names: str | None, **options: Any) -> LabelRows:
    """Read an annotation file whose ending determines its format."""
    names = names_in(class_names)
    notes: dict[str, int] = {}
    is_csv = annotations.lower().endswith(".csv")
    if is_csv and default_label == "negative":
        raise ValueError(
            "The '--default-label' argument must be 'unknown' for a CSV file, in which blank cells are "
            f"unknown. Got 'negative' with {annotations} instead. Write 0 into the cells that are negative."
        )
    if is_csv:
        store = read_annotation_csv(annotations, names, notes=notes, **options)
    else:
        value = LABEL_WORDS[default_label]
        store = read_annotation_json(annotations, value, names, notes=notes, **options)
    if names not in (None, list(store.class_names)) and not (is_csv and is_long_table(annotations)):
        raise ValueError(
            "The '--class-names' argument must not be set for a file that names its classes. Got "
            f"{class_names} with {annotations}, which names different classes, instead."
        )
    rows = rows_of_store(store, np.arange(len(store)))
    rows.notes, rows.source = notes, annotations
    return rows


def image_list(store: str, images: str, skip_malformed: bool) -> LabelRows:
    """Select the images of a list from a label store."""
    return read_image_list(LabelStore.open(store, verify=True), images, skip_malformed=skip_malformed)


def long_tailed(store: str, **options: Any) -> LabelRows:
    """Select a long-tailed subset of a label store."""
    opened = LabelStore.open(store, verify=True)
    return rows_of_store(opened, long_tailed_subset(opened, **options))


def simulate(store: str, protocol: str, seed: int, **options: Any) -> LabelRows:
    """Hide labels of all images of a store, with the row of an image as its sample id."""
    amount = protocol_amount(protocol, **options, caller="simulate")
    opened = LabelStore.open(store, verify=True)
    rows = np.arange(len(opened))
    simulated = simulate_store([LabelSource(opened, rows, rows, 0)], protocol, amount, seed)
    return rows_of_store(simulated, rows)


def verify(stores: list[str]) -> None:
    """Verify the checksums of label stores, and exit at the first store that was changed."""
    for folder in stores:
        try:
            store = LabelStore.open(folder, verify=True)
        except (OSError, ValueError) as error:
            sys.exit(error_text(error))
        print(f"{folder}: {len(store)} images, {store.num_listed} listed labels, unchanged")


#: Reader of each data set. Its arguments are the options of the sub-command.
READERS = {
    "open_images": open_images,
    "lvis": read_lvis,
    "coco": read_coco,
    "voc": read_voc,
    "nus_wide": read_nus_wide,
    "cub": read_cub,
    "clothing_attributes": read_clothing_attributes,
    "chexpert": read_chexpert,
    "single_positive": single_positive,
    "visual_genome": read_visual_genome,
    "folders": read_image_folders,
    "table": table,
    "image_list": image_list,
    "long_tailed": long_tailed,
    "simulate": simulate,
}


def main(args: argparse.Namespace) -> None:
    """Convert a data set, and print notes and the numbers of labels."""
    options = vars(args)
    data_set = options.pop("data set")
    if data_set == "verify":
        verify(options["stores"])
        return
    console = PrintableConsole(stderr=True)
    out = options.pop("out")
    if Path(out).exists():
        sys.exit(f"The '--out' argument must be a folder that does not exist. Got {out} instead.")
    if data_set == "open_images":
        options["out"] = out
    try:
        rows: LabelRows = READERS[data_set](**options)
        rows.parts = track(rows.parts, "writing", console=console, disable=not console.is_terminal)
        store = rows.save(out)
    except (OSError, ImportError, ValueError) as error:
        sys.exit(error_text(error))
    for note, count in rows.notes.items():
        print(printable(f"{count} {note}"))
    counts = store.label_counts()
    print(
        f"{out}: {len(store)} images, {store.num_classes} classes, {counts.positives.sum()} positive, "
        f"{counts.negatives.sum()} negative and {counts.unknown.sum()} unknown labels"
    )


if __name__ == "__main__":
    main(ARGS)
