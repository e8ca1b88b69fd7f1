"""Time the conversion of the labels of a batch to a tensor, and compare with MMPretrain's data preprocessor.

Example:
    python tools/benchmarks/dense_labels.py --classes 80 9605
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))  # the folder of _lib

from _lib.quiet_import import import_mmpretrain


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=128, help="images per batch (default: 128)")
    parser.add_argument(
        "--classes",
        type=int,
        nargs="+",
        default=[80, 1000, 9605],
        help="numbers of classes (default: 80 1000 9605)",
    )
    parser.add_argument(
        "--known", type=int, default=8, help="known labels per image, half of them positive (default: 8)"
    )
    parser.add_argument(
        "--repeats", type=int, default=30, help="number of batches; the median is reported (default: 30)"
    )
    parser.add_argument("--device", default="cpu", help="device of the labels (default: cpu)")
    return parser.parse_args()


if __name__ == "__main__":
    ARGS = parse_args()  # before the slow imports
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
    """Time every function with every number of classes, and print one table."""
    torch.set_num_threads(1)

    report = Table(
        title=f"Labels of {arguments.images} images on {arguments.device}, median of {arguments.repeats}, ms"
    )
    report.add_column("labels of samples to a tensor (N, C)")
    columns = [
        compared_functions(arguments.images, classes, arguments.known, torch.device(arguments.device))
        for classes in arguments.classes
    ]
    for classes in arguments.classes:
        report.add_column(f"C = {classes}", justify="right")
    for name in columns[0]:
        times = [median_ms(functions[name], arguments.repeats) for functions in columns]
        report.add_row(name, *(f"{time_ms:.2f}" for time_ms in times))
    Console().print(report)


def compared_functions(images: int, classes: int, known: int, device: torch.device) -> dict[str, Callable]:
    """Return the compared functions by name. Each converts the labels of one batch."""
    generator = np.random.default_rng(0)
    listed = np.sort(
        np.stack([generator.choice(classes, known, replace=False) for _ in range(images)]), axis=1
    )
    labels = np.tile(np.arange(known) % 2, (images, 1)).astype(np.int8)
    indices, values = torch.from_numpy(listed), torch.from_numpy(labels)
    flat_indices, flat_values, counts = indices.flatten(), values.flatten(), [known] * images

    sparse = [DataSample(gt_label_indices=i, gt_label_values=v) for i, v in zip(indices, values)]
    positive_indices = [DataSample().set_gt_label(i[v == 1]) for i, v in zip(indices, values)]
    full = list(dense_labels(flat_indices, flat_values, counts, classes).to(torch.int8))

    theirs = ClsDataPreprocessor(num_classes=classes, to_onehot=True).to(device)
    ours = PartialLabelDataPreprocessor(num_classes=classes).to(device)
    inputs = [IMAGE] * images

    def forward(preprocessor, samples: list[DataSample]) -> None:
        # New samples each time, as from a data loader: the last call changed its samples.
        preprocessor(dict(inputs=inputs, data_samples=[sample.clone() for sample in samples]), training=True)
        wait(device)

    def copies_only() -> None:
        for sample in sparse:
            sample.clone()

    def image_part() -> None:
        theirs(dict(inputs=inputs), training=True)

    def scatter() -> None:
        dense_labels(flat_indices, flat_values, counts, classes, device=device)
        wait(device)

    def labels_of_samples() -> None:
        batch_labels(sparse, classes, device)
        wait(device)

    return {
        "dense_labels (one scatter)": scatter,
        "batch_labels (samples with sparse labels)": labels_of_samples,
        "PartialLabelDataPreprocessor, sparse labels": lambda: forward(ours, sparse),
        "PartialLabelDataPreprocessor, positive indices": lambda: forward(ours, positive_indices),
        "PartialLabelDataPreprocessor, int8 vectors": lambda: forward(ours, full_samples(full)),
        "ClsDataPreprocessor(to_onehot=True), positive indices": lambda: forward(theirs, positive_indices),
        "  of these: copies of the samples": copies_only,
        "  of these: stacking of 1 x 1 images": image_part,
    }


def full_samples(vectors: list[torch.Tensor]) -> list[DataSample]:
    """Return samples with a label for every class."""
    return [DataSample(gt_score=vector) for vector in vectors]


def wait(device: torch.device) -> None:
    """Wait until the device has finished its work."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def median_ms(function: Callable, repeats: int) -> float:
    """Return the median time of a call in milliseconds, after two calls for warm-up."""
    times = []
    for _ in range(repeats + 2):
        start = time.perf_counter()
        function()
        times.append(1000 * (time.perf_counter() - start))
    return float(np.median(times[2:]))


if __name__ == "__main__":
    main(ARGS)
