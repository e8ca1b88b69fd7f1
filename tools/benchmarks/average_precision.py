"""Time average precision over dense and sparse labels, beside MMPretrain and scikit-learn.

Where there is a GPU, also with the tables on it. The sparse labels are measured twice: their known elements
alone, and as the batches of dense tables that ``PartialLabelAveragePrecision`` is given in a validation.

python tools/benchmarks/average_precision.py [--quick]
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1]))  # where _lib is

from _lib.quiet_import import import_mmpretrain


def parse_args() -> argparse.Namespace:
    """Sizes and repetitions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="a tenth of the images and of the sparse classes"
    )
    parser.add_argument("--dense", type=int, nargs=2, default=(40_000, 80), metavar=("IMAGES", "CLASSES"))
    parser.add_argument(
        "--sparse", type=int, nargs=2, default=(125_000, 9_605), metavar=("IMAGES", "CLASSES")
    )
    parser.add_argument("--known", type=int, default=8, help="known labels of an image of the sparse set")
    parser.add_argument("--repeat", type=int, default=7, help="the fastest of so many is reported")
    return parser.parse_args()


if __name__ == "__main__":
    ARGS = parse_args()  # before the imports, which take seconds
import_mmpretrain()

import numpy as np
import torch
from mmpretrain.evaluation import AveragePrecision
from rich.console import Console
from rich.progress import track
from rich.table import Table
from sklearn.metrics import average_precision_score

from mmpretrain_imbalance.functional.labels import UNKNOWN
from mmpretrain_imbalance.functional.metrics.average_precision import average_precision
from mmpretrain_imbalance.metrics import PartialLabelAveragePrecision

# What a validation of so many images, classes and known labels an image may take on one thread.
BAR_SIZE, BAR = (125_000, 9_605, 8), "7 s, 700 MB"
BATCH_SIZE = 256


class Stopwatch:
    """Adds up the time of the calls that are made through it.

    Attributes:
        seconds: The sum so far.
    """

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self, function: Callable, *args: Any, **kwargs: Any) -> Any:
        """Call a function, and return what it returns."""
        start = time.perf_counter()
        result = function(*args, **kwargs)
        self.seconds += time.perf_counter() - start
        return result


# What a set-up returns: it computes AP through the stopwatch that it is given.
Measured = Callable[[Stopwatch], np.ndarray]


def dense_labels(num_images: int, num_classes: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Scores and fully known labels, 4 % of them positive."""
    generator = np.random.default_rng(0)
    scores = generator.random((num_images, num_classes), dtype=np.float32)
    labels = generator.random(scores.shape, dtype=np.float32) < 0.04
    return torch.from_numpy(scores), torch.from_numpy(labels.astype(np.float32))


def sparse_labels(num_images: int, num_classes: int, known: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores, labels and classes of the known elements alone, image after image.

    Each class of an image comes from another part of the classes, so that none is drawn twice.
    """
    generator = np.random.default_rng(0)
    parts = np.linspace(0, num_classes, known + 1).astype(np.int32)
    classes = generator.integers(parts[:-1], parts[1:], size=(num_images, known), dtype=np.int32).ravel()
    scores = generator.random(classes.size, dtype=np.float32)
    return scores, (generator.random(classes.size) < 0.3).astype(np.int8), classes


def ours_dense(*size: int) -> Measured:
    """Set-up of the measurement of our function on tables."""
    scores, labels = dense_labels(*size)
    return lambda timed: timed(average_precision, scores, labels)


def ours_dense_on_gpu(*size: int) -> Measured:
    """Set-up of the measurement of our function on tables of a GPU."""
    scores, labels = (table.cuda() for table in dense_labels(*size))
    return lambda timed: timed(average_precision, scores, labels)


def mmpretrain_dense(*size: int) -> Measured:
    """Set-up of the measurement of MMPretrain's function on tables."""
    scores, labels = dense_labels(*size)
    return lambda timed: timed(AveragePrecision.calculate, scores, labels, average=None).numpy() / 100


def scikit_learn_dense(*size: int) -> Measured:
    """Set-up of the measurement of scikit-learn's function, class by class."""
    scores, labels = (table.numpy().T for table in dense_labels(*size))
    return lambda timed: np.array([timed(average_precision_score, y, s) for y, s in zip(labels, scores)])


def ours_sparse(num_images: int, num_classes: int, known: int) -> Measured:
    """Set-up of the measurement of our function on known elements."""
    scores, labels, classes = sparse_labels(num_images, num_classes, known)
    return lambda timed: timed(average_precision, scores, labels, classes, num_classes=num_classes)


def ours_sparse_on_gpu(num_images: int, num_classes: int, known: int) -> Measured:
    """Set-up of the measurement of our function on known elements of a GPU."""
    elements = [torch.from_numpy(column).cuda() for column in sparse_labels(num_images, num_classes, known)]
    return lambda timed: timed(average_precision, *elements, num_classes=num_classes)


def ours_sparse_in_batches(num_images: int, num_classes: int, known: int) -> Measured:
    """Set-up of the measurement of our metric on the batches of a validation, as mAP alone.

    As from MMPretrain's heads, each sample holds a row of the tables of its batch. All batches are written
    into the same two tables, so that they fit into memory; this takes no time and no memory of the metric.
    """
    rows = [column.reshape(num_images, known) for column in sparse_labels(num_images, num_classes, known)]
    tables = np.zeros((2, BATCH_SIZE, num_classes), dtype=np.float32)
    generator = np.random.default_rng(1)

    def batch(start: int) -> list[dict[str, torch.Tensor]]:
        scores, labels, classes = (column[start : start + BATCH_SIZE] for column in rows)
        all_scores, all_labels = tables[:, : len(classes)]
        generator.random(out=all_scores, dtype=np.float32)
        all_labels.fill(UNKNOWN)
        np.put_along_axis(all_scores, classes, scores, axis=1)
        np.put_along_axis(all_labels, classes, labels, axis=1)
        pairs = zip(torch.from_numpy(all_scores), torch.from_numpy(all_labels))
        return [dict(pred_score=score, gt_score=label) for score, label in pairs]

    def measured(timed: Stopwatch) -> np.ndarray:
        metric = PartialLabelAveragePrecision(class_counts=range(num_classes))
        for start in range(0, num_images, BATCH_SIZE):
            timed(metric.process, None, batch(start))
        return np.array([timed(metric.evaluate, num_images)["multi-label/mAP"] / 100])

    return measured


def scikit_learn_sparse(num_images: int, num_classes: int, known: int) -> Measured:
    """Set-up of the measurement of scikit-learn's function on the known elements of each class."""
    scores, labels, classes = sparse_labels(num_images, num_classes, known)

    def of_each_class() -> np.ndarray:
        order = np.argsort(classes, kind="stable")
        ends = np.cumsum(np.bincount(classes, minlength=num_classes))[:-1]
        parts = zip(np.split(labels[order], ends), np.split(scores[order], ends))
        return np.array([average_precision_score(y, s) if 0 < y.sum() < len(y) else np.nan for y, s in parts])

    return lambda timed: timed(of_each_class)


def measure(set_up: Callable, size: tuple[int, ...], repeat: int) -> tuple[float, float, np.ndarray]:
    """Fastest time in seconds, growth of the peak memory in MB, and the result, on one thread."""
    torch.set_num_threads(1)
    function = set_up(*size)
    before = resident_memory(forget_peak=True)
    times = []
    for _ in range(repeat):
        timed = Stopwatch()
        result = function(timed)
        times.append(timed.seconds)
    return min(times), resident_memory() - before, result


def resident_memory(forget_peak: bool = False) -> float:
    """Peak of the memory of this process in MB.

    Args:
        forget_peak: Whether the peak starts again from what is in use now, where the system can do so.
            Without it the imports, and on Linux the process that started this one, would hide what follows.
    """
    status, clear = Path("/proc/self/status"), Path("/proc/self/clear_refs")
    if not clear.exists():
        unit = 1e6 if sys.platform == "darwin" else 1e3
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    if forget_peak:
        with suppress(OSError):  # some containers forbid it
            clear.write_text("5")
    return int(status.read_text().split("VmHWM:")[1].split()[0]) * 1.024e-3


def main(args: argparse.Namespace) -> None:
    """Measure each in a process of its own, so that the peak memory is its own, and print the table."""
    fraction = 10 if args.quick else 1
    dense = (args.dense[0] // fraction, args.dense[1])
    sparse = (args.sparse[0] // fraction, args.sparse[1] // fraction, args.known)
    in_batches = min(args.repeat, 3)
    rows = [
        ("dense", "ours", ours_dense, dense, args.repeat),
        ("dense", "mmpretrain", mmpretrain_dense, dense, args.repeat),
        ("dense", "scikit-learn", scikit_learn_dense, dense, 1),
        ("sparse", "ours", ours_sparse, sparse, args.repeat),
        ("sparse", "ours, in batches", ours_sparse_in_batches, sparse, in_batches),
        ("sparse", "scikit-learn", scikit_learn_sparse, sparse, 1),
    ]
    if torch.cuda.is_available():
        rows.insert(1, ("dense", "ours, on the GPU", ours_dense_on_gpu, dense, args.repeat))
        rows.insert(5, ("sparse", "ours, on the GPU", ours_sparse_on_gpu, sparse, args.repeat))
    table = Table("labels", "system")
    for heading in ("time", "times ours", "memory", "difference", "bar"):
        table.add_column(heading, justify="right", no_wrap=True)
    console, ours = Console(), {}
    for labels, system, set_up, size, repetitions in track(
        rows, "Measuring", console=console, transient=True
    ):
        with get_context("spawn").Pool(1) as pool:
            seconds, memory, result = pool.apply(measure, (set_up, size, repetitions))
        first_seconds, first_result = ours.setdefault(labels, (seconds, result))
        if result.size == 1:  # mAP alone
            first_result = np.nanmean(first_result)
        table.add_row(
            f"{labels} {size[0]:,} x {size[1]:,}",
            system,
            f"{1000 * seconds:,.0f} ms",
            f"{seconds / first_seconds:.1f}",
            f"{memory:,.0f} MB",
            f"{np.nanmax(np.abs(result - first_result)):.1e}",
            BAR if set_up is ours_sparse_in_batches and size == BAR_SIZE else "",
            end_section=system == "scikit-learn",
        )
    table.caption = (
        f"One thread, fastest of {args.repeat} runs (scikit-learn: one; in batches: {in_batches}). Memory: "
        "growth of the peak above the inputs. Difference: the largest of a class to ours, in batches of mAP. "
        f"Sparse: {args.known} known labels an image; in batches: all calls of PartialLabelAveragePrecision of a "
        f"validation with {BATCH_SIZE} images a batch, the bar is for {BAR_SIZE[0]:,} x {BAR_SIZE[1]:,}; "
        f"MMPretrain would need dense tables of {8e-9 * sparse[0] * sparse[1]:.1f} GB."
    )
    console.print(table)


if __name__ == "__main__":
    main(ARGS)
