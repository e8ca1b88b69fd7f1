"""Measure a label store of the size of Open Images: building, opening, reading, counting, simulation, report.

Example:
    python tools/benchmarks/label_store.py --quick --parts store report
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing import get_context
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))  # the folder of _lib

from _lib.quiet_import import import_mmpretrain

PARTS = ("store", "table", "list", "simulate", "report")


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="use 1/50 of the images and rows")
    parser.add_argument(
        "--images", type=int, default=9_000_000, help="images of the label store (default: 9000000)"
    )
    parser.add_argument("--classes", type=int, default=9_605, help="number of classes (default: 9605)")
    parser.add_argument("--labels", type=int, default=7, help="known labels per image (default: 7)")
    parser.add_argument(
        "--listed-images",
        type=int,
        default=500_000,
        help="images of the list of dictionaries for MMEngine's dataset (default: 500000)",
    )
    parser.add_argument(
        "--csv-rows", type=int, default=60_000_000, help="rows of the CSV file to convert (default: 60000000)"
    )
    parser.add_argument(
        "--parts",
        nargs="+",
        choices=PARTS,
        default=PARTS,
        help="parts to measure: store (build, open and read it), table (convert a CSV file), list "
        "(MMEngine's dataset), simulate (hide labels), report (label report); default: all",
    )
    args = parser.parse_args()
    if args.quick:
        for name in ("images", "listed_images", "csv_rows"):
            setattr(args, name, getattr(args, name) // 50)
    return args


if __name__ == "__main__":
    ARGS = parse_args()  # before the slow imports
import_mmpretrain()

import numpy as np
from mmengine.dataset import BaseDataset
from rich.console import Console
from rich.progress import track
from rich.table import Table

from mmpretrain_imbalance.datasets import (
    LabelStoreWriter,
    PartialLabelDataset,
    SimulatePartialLabels,
)
from mmpretrain_imbalance.datasets.readers.open_images import read_open_images
from mmpretrain_imbalance.visualization import label_report_page, summarize_labels

PROTOCOLS = {"rps": dict(probability=0.5), "single_positive": {}, "fpc": dict(num_labels=100)}
_PART = 50_000  # images that are generated at once
_SAMPLES = 100_000  # randomly chosen samples that are read


def random_labels(num_images: int, num_classes: int, num_labels: int) -> Iterator[tuple]:
    """Yield identifiers, classes (M, L) and values (M, L) of M images at a time."""
    generator = np.random.default_rng(0)
    for start in range(0, num_images, _PART):
        size = min(_PART, num_images - start)
        # The classes of an image are distinct: a random first class, then random steps whose sum is less than
        # C.
        steps = generator.integers(1, num_classes // num_labels, (size, num_labels))
        classes = (generator.integers(num_classes, size=(size, 1)) + np.cumsum(steps, axis=1)) % num_classes
        identifiers = generator.integers(2**64, size=size, dtype=np.uint64)
        yield identifiers, classes, (generator.random((size, num_labels)) < 0.4).astype(np.int8)


def build(folder: Path, args: argparse.Namespace) -> dict[str, float]:
    """Write the label store from arrays."""
    names = [f"class {number}" for number in range(args.classes)]
    start = time.perf_counter()
    with LabelStoreWriter(folder / "labels", names) as writer:
        for identifiers, classes, values in random_labels(args.images, args.classes, args.labels):
            images = np.repeat(np.arange(len(classes)), args.labels)
            writer.add_images(
                [f"{i:016x}.jpg" for i in identifiers.tolist()], images, classes.ravel(), values.ravel()
            )
    return {"build": time.perf_counter() - start, "build_memory": peak_memory()}


def use(folder: Path, args: argparse.Namespace) -> dict[str, float]:
    """Open the store as a dataset, read random samples, and count labels."""
    before = private_memory()
    start = time.perf_counter()
    dataset = PartialLabelDataset(str(folder / "labels"), label_format="sparse", lazy_init=True)
    store = dataset.load_label_store()
    opened = time.perf_counter() - start
    # full_init also checks whether there are negatives, for which it counts all labels.
    dataset.full_init()
    initialized = time.perf_counter() - start
    sample = microseconds(dataset.get_data_info, args.images)
    row = microseconds(lambda index: (store.image_name(index), store.row(index)), args.images)
    memory = private_memory() - before
    start = time.perf_counter()
    store.label_counts()
    size = sum(file.stat().st_size for file in (folder / "labels").iterdir())
    return {
        "open": opened,
        "initialize": initialized,
        "sample": sample,
        "row": row,
        "memory": memory,
        "count": time.perf_counter() - start,
        "disk": size / 1e9,
    }


def simulate(protocol: str, folder: Path, args: argparse.Namespace) -> dict[str, float]:
    """Hide labels of the store, and read random samples."""
    dataset = PartialLabelDataset(str(folder / "labels"), label_format="sparse")
    start = time.perf_counter()
    simulated = SimulatePartialLabels(dataset, protocol, **PROTOCOLS[protocol])
    return {
        f"{protocol}_time": time.perf_counter() - start,
        f"{protocol}_memory": peak_memory(),
        f"{protocol}_sample": microseconds(simulated.get_data_info, args.images),
        f"{protocol}_labels": simulated.label_store.num_listed,
    }


def report(folder: Path, args: argparse.Namespace) -> dict[str, float]:
    """Compute the label statistics and build the page of the label report."""
    dataset = PartialLabelDataset(str(folder / "labels"))
    start = time.perf_counter()
    calls: list[int] = []
    page = label_report_page(summarize_labels(dataset, progress=calls.append), "Open Images")
    return {
        "report": time.perf_counter() - start,
        "report_memory": peak_memory(),
        "report_steps": len(calls),
        "report_page": len(page.encode()) / 1e3,
    }


def convert(folder: Path, args: argparse.Namespace) -> dict[str, float]:
    """Convert a CSV file of Open Images whose rows are not sorted by image."""
    start = time.perf_counter()
    rows = read_open_images([folder / "labels.csv"], folder / "classes.csv", work_dir=folder)
    rows.save(folder / "converted")
    return {"convert": time.perf_counter() - start, "convert_memory": peak_memory()}


def write_table(folder: Path, args: argparse.Namespace) -> dict[str, float]:
    """Write a CSV file in the format of Open Images for ``convert``."""
    labels = [f"/m/{number:05x}" for number in range(args.classes)]
    (folder / "classes.csv").write_text("".join(f"{label},name of {label}\n" for label in labels))
    generator = np.random.default_rng(2)
    with (folder / "labels.csv").open("w") as file:
        file.write("ImageID,Source,LabelName,Confidence\n")
        part = _PART * args.labels
        # The rows of the images of each part are shuffled, and the file ends after --csv-rows rows.
        for number, (identifiers, classes, values) in enumerate(
            random_labels(-(-args.csv_rows // args.labels), args.classes, args.labels)
        ):
            order = generator.permutation(classes.size)[: args.csv_rows - number * part]
            rows = zip(
                np.repeat(identifiers, args.labels)[order].tolist(),
                classes.ravel()[order].tolist(),
                values.ravel()[order].tolist(),
            )
            file.writelines(f"{image:016x},verification,{labels[c]},{value}\n" for image, c, value in rows)
    return {}


def listed(folder: Path, args: argparse.Namespace) -> dict[str, float]:
    """Build an MMEngine dataset from a list of dictionaries, which MMEngine pickles into one array."""
    samples = []
    for identifiers, classes, values in random_labels(args.listed_images, args.classes, args.labels):
        for identifier, row, known in zip(identifiers.tolist(), classes, values):
            positives, negatives = row[known == 1].tolist(), row[known == 0].tolist()
            samples.append(
                dict(img_path=f"{identifier:016x}.jpg", gt_label=positives, gt_label_neg=negatives)
            )

    class Listed(BaseDataset):
        def load_data_list(self) -> list[dict]:
            return samples

    start, before = time.perf_counter(), peak_memory()
    dataset = Listed()
    opened = time.perf_counter() - start
    return {
        "open": opened,
        "sample": microseconds(dataset.get_data_info, args.listed_images),
        "memory": (dataset.data_bytes.nbytes + dataset.data_address.nbytes) / 1e6,
        "peak": peak_memory() - before,  # without the list of dictionaries
    }


def microseconds(read: Callable[[int], object], num_images: int) -> float:
    """Return the time of one call with a random image, as the fastest of ten rounds."""
    rounds = []
    for order in np.random.default_rng(1).integers(num_images, size=(10, _SAMPLES // 10)).tolist():
        start = time.perf_counter()
        for index in order:
            read(index)
        rounds.append((time.perf_counter() - start) / len(order))
    return min(rounds) * 1e6


def peak_memory() -> float:
    """Return the peak resident memory of this process in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e9 if sys.platform == "darwin" else 1e6)


def private_memory() -> float:
    """Return the anonymous memory of this process in MB, or NaN on systems other than Linux.

    Other statistics count the pages of a file that only this process maps as private, although another worker
    would share them.
    """
    try:
        lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    except OSError:
        return float("nan")
    return sum(int(line.split()[1]) for line in lines if line.startswith("Anonymous:")) / 1e3


def run(task: Callable, folder: Path, args: argparse.Namespace) -> dict[str, float]:
    """Run a task in a new process, so that the memory of other tasks is not counted."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(task, (folder, args))


def measure(args: argparse.Namespace) -> tuple[dict[str, float], dict[str, float]]:
    """Return the measurements of the label store, and those of MMEngine's list."""
    tasks: dict[str, list[Callable]] = {
        "store": [use],
        "simulate": [partial(simulate, protocol) for protocol in PROTOCOLS],
        "report": [report],
        "table": [write_table, convert],
    }
    chosen = [task for part, part_tasks in tasks.items() if part in args.parts for task in part_tasks]
    if {"store", "simulate", "report"} & set(args.parts):
        chosen.insert(0, build)
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        for task in track(chosen, "measuring", console=Console(stderr=True), transient=True):
            found.update(run(task, Path(name), args))
        other = run(listed, Path(name), args) if "list" in args.parts else {}
    return found, other


def main(args: argparse.Namespace) -> None:
    """Measure and print the table."""
    found, other = measure(args)
    factor = args.images / args.listed_images
    table = Table(title=f"{args.images:,} images, {args.classes:,} classes, {args.labels} labels per image")
    table.add_column("measurement", no_wrap=True)
    columns = ("limit", "label store", f"MMEngine's list, {args.listed_images:,} images", f"times {factor:g}")
    for column in columns:
        table.add_column(column, justify="right")
    rows = [  # measurement, limit, format, key in the results of the store, key in those of the list
        ("open", "1 s", "{:.4f} s", "open", "open"),
        ("private memory", "100 MB", "{:.1f} MB", "memory", "memory"),
        ("open as a dataset and count labels", "", "{:.2f} s", "initialize", ""),
        ("name and labels of an image", "10 us", "{:.1f} us", "row", ""),
        ("get_data_info of a sample", "", "{:.1f} us", "sample", "sample"),
        ("count all labels", "5 s", "{:.2f} s", "count", ""),
        ("build from arrays", "", "{:.1f} s", "build", ""),
        ("peak memory", "4 GB", "{:.2f} GB", "build_memory", "peak"),
        ("size on disk", "", "{:.2f} GB", "disk", ""),
        (f"convert {args.csv_rows:,} rows of CSV", "", "{:.1f} s", "convert", ""),
        ("peak memory", "4 GB", "{:.2f} GB", "convert_memory", ""),
    ]
    for protocol in PROTOCOLS:
        rows += [
            (f"simulate {protocol}", "", "{:.1f} s", f"{protocol}_time", ""),
            ("peak memory", "4 GB", "{:.2f} GB", f"{protocol}_memory", ""),
            ("known labels left", "", "{:,}", f"{protocol}_labels", ""),
            ("get_data_info of a sample", "", "{:.1f} us", f"{protocol}_sample", ""),
        ]
    rows += [
        ("label report", "", "{:.1f} s", "report", ""),
        ("peak memory", "4 GB", "{:.2f} GB", "report_memory", ""),
        ("steps of the progress bar", "", "{}", "report_steps", ""),
        ("size of the page", "", "{:.0f} kB", "report_page", ""),
    ]
    for measurement, limit, template, ours, theirs in rows:
        if ours not in found:
            continue
        cells = ["", ""]
        if theirs in other:
            cells = [template.format(other[theirs]), template.format(other[theirs] * factor)]
        scaled = "" if "us" in template else cells[1]  # the time per sample does not grow
        table.add_row(measurement, limit, template.format(found[ours]), cells[0], scaled)
    console = Console()
    console.width = max(console.width, 110)
    console.print(table)


if __name__ == "__main__":
    main(ARGS)
