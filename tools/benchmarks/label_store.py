"""A label store as large as Open Images: built, opened, sampled, counted, simulated on and reported.

python tools/benchmarks/label_store.py [--quick] [--parts store table list simulate report]
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

sys.path.append(str(Path(__file__).resolve().parents[1]))  # where _lib is

from _lib.quiet_import import import_mmpretrain

PARTS = ("store", "table", "list", "simulate", "report")


def parse_args() -> argparse.Namespace:
    """Sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a fiftieth of the images and rows")
    parser.add_argument("--images", type=int, default=9_000_000, help="images of the label store")
    parser.add_argument("--classes", type=int, default=9_605, help="classes")
    parser.add_argument("--labels", type=int, default=7, help="known labels of an image")
    parser.add_argument("--listed-images", type=int, default=500_000, help="images of MMEngine's list")
    parser.add_argument("--csv-rows", type=int, default=60_000_000, help="rows of the Open Images table")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="what to measure")
    args = parser.parse_args()
    if args.quick:
        for name in ("images", "listed_images", "csv_rows"):
            setattr(args, name, getattr(args, name) // 50)
    return args


if __name__ == "__main__":
    ARGS = parse_args()  # before the imports, which take seconds
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
_PART = 50_000  # images that are drawn at once
_SAMPLES = 100_000  # samples that are read at random


def drawn_labels(num_images: int, num_classes: int, num_labels: int) -> Iterator[tuple]:
    """Identifiers, classes (M, L) and values (M, L) of a part of the images after the other."""
    generator = np.random.default_rng(0)
    for start in range(0, num_images, _PART):
        size = min(_PART, num_images - start)
        # Different classes in each image: a random first one, and random steps that sum to less than C.
        steps = generator.integers(1, num_classes // num_labels, (size, num_labels))
        classes = (generator.integers(num_classes, size=(size, 1)) + np.cumsum(steps, axis=1)) % num_classes
        identifiers = generator.integers(2**64, size=size, dtype=np.uint64)
        yield identifiers, classes, (generator.random((size, num_labels)) < 0.4).astype(np.int8)


def build(folder: Path, args: argparse.Namespace) -> dict[str, float]:
    """Write the store from arrays."""
    names = [f"class {number}" for number in range(args.classes)]
    start = time.perf_counter()
    with LabelStoreWriter(folder / "labels", names) as writer:
        for identifiers, classes, values in drawn_labels(args.images, args.classes, args.labels):
            images = np.repeat(np.arange(len(classes)), args.labels)
            writer.add_images(
                [f"{i:016x}.jpg" for i in identifiers.tolist()], images, classes.ravel(), values.ravel()
            )
    return {"build": time.perf_counter() - start, "build_memory": peak_memory()}


def use(folder: Path, args: argparse.Namespace) -> dict[str, float]:
    """Open the store as a dataset, read samples at random and count, in a process that did not build it."""
    before = private_memory()
    start = time.perf_counter()
    dataset = PartialLabelDataset(str(folder / "labels"), label_format="sparse", lazy_init=True)
    store = dataset.load_label_store()
    opened = time.perf_counter() - start
    # What full_init does besides: it looks whether there are negatives, for which it counts all labels.
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
    """Hide labels of the store, and read samples at random."""
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
    """Sum the labels up and make the page."""
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
    """Convert an Open Images table whose rows are in no order."""
    start = time.perf_counter()
    rows = read_open_images([folder / "labels.csv"], folder / "classes.csv", work_dir=folder)
    rows.save(folder / "converted")
    return {"convert": time.perf_counter() - start, "convert_memory": peak_memory()}


def write_table(folder: Path, args: argparse.Namespace) -> dict[str, float]:
    """Write that table."""
    labels = [f"/m/{number:05x}" for number in range(args.classes)]
    (folder / "classes.csv").write_text("".join(f"{label},name of {label}\n" for label in labels))
    generator = np.random.default_rng(2)
    with (folder / "labels.csv").open("w") as file:
        file.write("ImageID,Source,LabelName,Confidence\n")
        part = _PART * args.labels
        # The rows of a part of the images come in random order, and the parts are cut off at --csv-rows.
        for number, (identifiers, classes, values) in enumerate(
            drawn_labels(-(-args.csv_rows // args.labels), args.classes, args.labels)
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
    """Give MMEngine the same labels as a list of dictionaries, which it pickles into one array."""
    samples = []
    for identifiers, classes, values in drawn_labels(args.listed_images, args.classes, args.labels):
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
        "peak": peak_memory() - before,  # beyond the list of dictionaries
    }


def microseconds(read: Callable[[int], object], num_images: int) -> float:
    """Time of one call at random images: the fastest of ten rounds, since other programs run beside."""
    rounds = []
    for order in np.random.default_rng(1).integers(num_images, size=(10, _SAMPLES // 10)).tolist():
        start = time.perf_counter()
        for index in order:
            read(index)
        rounds.append((time.perf_counter() - start) / len(order))
    return min(rounds) * 1e6


def peak_memory() -> float:
    """Largest resident memory of this process so far, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e9 if sys.platform == "darwin" else 1e6)


def private_memory() -> float:
    """Memory of this process that is no page of a file, in MB; not known outside Linux.

    Pages of files that this process alone has mapped count as private in other statistics, although the next
    worker shares them.
    """
    try:
        lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    except OSError:
        return float("nan")
    return sum(int(line.split()[1]) for line in lines if line.startswith("Anonymous:")) / 1e3


def run(task: Callable, folder: Path, args: argparse.Namespace) -> dict[str, float]:
    """Run a task in a process of its own, so that no memory of another counts."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(task, (folder, args))


def measure(args: argparse.Namespace) -> tuple[dict[str, float], dict[str, float]]:
    """What was found of the store, and of MMEngine's list."""
    tasks: dict[str, list[Callable]] = {
        "store": [use],
        "simulate": [partial(simulate, protocol) for protocol in PROTOCOLS],
        "report": [report],
        "table": [write_table, convert],
    }
    chosen = [task for part, of_part in tasks.items() if part in args.parts for task in of_part]
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
    table = Table(title=f"{args.images:,} images, {args.classes:,} classes, {args.labels} labels an image")
    table.add_column("what", no_wrap=True)
    columns = ("bar", "label store", f"MMEngine's list, {args.listed_images:,} images", f"times {factor:g}")
    for column in columns:
        table.add_column(column, justify="right")
    rows = [  # what, bar, how to write it and its name; the same of the list, where that has it
        ("open", "1 s", "{:.4f} s", "open", "open"),
        ("private memory", "100 MB", "{:.1f} MB", "memory", "memory"),
        ("open as a dataset, which counts once", "", "{:.2f} s", "initialize", ""),
        ("name and labels of an image", "10 us", "{:.1f} us", "row", ""),
        ("get_data_info of a sample", "", "{:.1f} us", "sample", "sample"),
        ("count all labels", "5 s", "{:.2f} s", "count", ""),
        ("build from arrays", "", "{:.1f} s", "build", ""),
        ("its peak memory", "4 GB", "{:.2f} GB", "build_memory", "peak"),
        ("size on disk", "", "{:.2f} GB", "disk", ""),
        (f"convert {args.csv_rows:,} rows of CSV", "", "{:.1f} s", "convert", ""),
        ("its peak memory", "4 GB", "{:.2f} GB", "convert_memory", ""),
    ]
    for protocol in PROTOCOLS:
        rows += [
            (f"simulate {protocol}", "", "{:.1f} s", f"{protocol}_time", ""),
            ("its peak memory", "4 GB", "{:.2f} GB", f"{protocol}_memory", ""),
            ("labels that stay", "", "{:,}", f"{protocol}_labels", ""),
            ("get_data_info of a sample", "", "{:.1f} us", f"{protocol}_sample", ""),
        ]
    rows += [
        ("label report", "", "{:.1f} s", "report", ""),
        ("its peak memory", "4 GB", "{:.2f} GB", "report_memory", ""),
        ("its steps of progress", "", "{}", "report_steps", ""),
        ("size of the page", "", "{:.0f} kB", "report_page", ""),
    ]
    for what, bar, form, ours, theirs in rows:
        if ours not in found:
            continue
        cells = ["", ""]
        if theirs in other:
            cells = [form.format(other[theirs]), form.format(other[theirs] * factor)]
        table.add_row(what, bar, form.format(found[ours]), cells[0], "" if "us" in form else cells[1])
    console = Console()
    console.width = max(console.width, 110)
    console.print(table)


if __name__ == "__main__":
    main(ARGS)
