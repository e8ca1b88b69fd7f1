"""Time from the samples of a batch to their label table, beside MMPretrain's own data preprocessor.

Example:
    python tools/benchmarks/dense_labels.py --classes 80 9605
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))  # where _lib is

from _lib.quiet_import import import_mmpretrain


def parse_args() -> argparse.Namespace:
    """Parse the options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=128, help="images of a batch")
    parser.add_argument("--classes", type=int, nargs="+", default=[80, 1000, 9605], help="numbers of classes")
    parser.add_argument(
        "--known", type=int, default=8, help="known labels of an image, half of them positive"
    )
    parser.add_argument("--repeats", type=int, default=30, help="batches of which the median is taken")
    parser.add_argument("--device", default="cpu", help="where the labels are made")
    return parser.parse_args()


if __name__ == "__main__":
    ARGS = parse_args()  # before the imports, which take seconds
import_mmpretrain()

import numpy as np
import torch
from mmpretrain.models.utils import ClsDataPreprocessor
from mmpretrain.structures import DataSample
from rich.console import Console
from rich.table import Table

from mmpretrain_imbalance.functional.dense_labels import dense_labels
from mmpretrain_imbalance.models import PartialLabelDataPreprocessor, batch_labels

IMAGE = torch.zeros(3, 1, 1)


def main(arguments: argparse.Namespace) -> None:
    """Time every way at every number of classes, print one table."""
    torch.set_num_threads(1)

    report = Table(
        title=f"Labels of {arguments.images} images on {arguments.device}, median of {arguments.repeats}, ms"
    )
    report.add_column("from samples to the table (N, C)")
    columns = [
        ways_to_the_table(arguments.images, classes, arguments.known, torch.device(arguments.device))
        for classes in arguments.classes
    ]
    for classes in arguments.classes:
        report.add_column(f"C = {classes}", justify="right")
    for way in columns[0]:
        report.add_row(way, *(f"{median_ms(ways[way], arguments.repeats):.2f}" for ways in columns))
    Console().print(report)


def ways_to_the_table(images: int, classes: int, known: int, device: torch.device) -> dict[str, Callable]:
    """Give what is compared: a name, and a function that makes the labels of one batch."""
    generator = np.random.default_rng(0)
    listed = np.sort(
        np.stack([generator.choice(classes, known, replace=False) for _ in range(images)]), axis=1
    )
    labels = np.tile(np.arange(known) % 2, (images, 1)).astype(np.int8)
    indices, values = torch.from_numpy(listed), torch.from_numpy(labels)
    flat_indices, flat_values, counts = indices.flatten(), values.flatten(), [known] * images

    sparse = [DataSample(gt_label_indices=i, gt_label_values=v) for i, v in zip(indices, values)]
    host_kind = [DataSample().set_gt_label(i[v == 1]) for i, v in zip(indices, values)]
    full = list(dense_labels(flat_indices, flat_values, counts, classes).to(torch.int8))

    host = ClsDataPreprocessor(num_classes=classes, to_onehot=True).to(device)
    ours = PartialLabelDataPreprocessor(num_classes=classes).to(device)
    inputs = [IMAGE] * images

    def forward(preprocessor, samples: list[DataSample]) -> None:
        # New samples each time, as a loader gives them: what the last batch left would change the work.
        preprocessor(dict(inputs=inputs, data_samples=[sample.clone() for sample in samples]), training=True)
        wait(device)

    def copies_only() -> None:
        for sample in sparse:
            sample.clone()

    def image_part() -> None:
        host(dict(inputs=inputs), training=True)

    def scatter() -> None:
        dense_labels(flat_indices, flat_values, counts, classes, device=device)
        wait(device)

    def table() -> None:
        batch_labels(sparse, classes, device)
        wait(device)

    return {
        "dense_labels (one scatter)": scatter,
        "batch_labels (samples with sparse labels)": table,
        "PartialLabelDataPreprocessor, sparse labels": lambda: forward(ours, sparse),
        "PartialLabelDataPreprocessor, positive indices": lambda: forward(ours, host_kind),
        "PartialLabelDataPreprocessor, int8 vectors": lambda: forward(ours, full_samples(full)),
        "ClsDataPreprocessor(to_onehot=True), positive indices": lambda: forward(host, host_kind),
        "  of these: copies of the samples": copies_only,
        "  of these: stacking of 1 x 1 images": image_part,
    }


def full_samples(vectors: list[torch.Tensor]) -> list[DataSample]:
    """Give samples with a label for every class."""
    return [DataSample(gt_score=vector) for vector in vectors]


def wait(device: torch.device) -> None:
    """Wait until the device has done its work."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def median_ms(function: Callable, repeats: int) -> float:
    """Median time of a call in milliseconds, after two calls to warm up."""
    times = []
    for _ in range(repeats + 2):
        start = time.perf_counter()
        function()
        times.append(1000 * (time.perf_counter() - start))
    return float(np.median(times[2:]))


if __name__ == "__main__":
    main(ARGS)
