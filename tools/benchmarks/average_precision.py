"""Time average precision for dense and sparse labels, and compare with MMPretrain and scikit-learn.

If there is a GPU, tensors on the GPU are measured as well. Sparse labels are measured in two ways: as arrays
of the known elements, and as the dense batches that PartialLabelAveragePrecision receives in a validation.

Example:
    python tools/benchmarks/average_precision.py --quick
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

sys.path.append(str(Path(__file__).resolve().parents[1]))  # the folder of _lib

from _lib.quiet_import import import_mmpretrain


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--quick", action="store_true", help="use a tenth of the images and of the classes of the sparse set"
    )
    parser.add_argument(
        "--dense",
        type=int,
        nargs=2,
        default=(40_000, 80),
        metavar=("IMAGES", "CLASSES"),
        help="size of the dense set (default: 40000 80)",
    )
    parser.add_argument(
        "--sparse",
        type=int,
        nargs=2,
        default=(125_000, 9_605),
        metavar=("IMAGES", "CLASSES"),
        help="size of the sparse set (default: 125000 9605)",
    )
    parser.add_argument(
        "--known", type=int, default=8, help="known labels per image of the sparse set (default: 8)"
    )
    parser.add_argument(
        "--repeat", type=int, default=7, help="number of repetitions; the fastest is reported (default: 7)"
    )
    return parser.parse_args()


if __name__ == "__main__":
    ARGS = parse_args()  # before the slow imports
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

# Limit of time and memory on one thread for a validation with this many images, classes and known labels per
# image.
LIMIT_SIZE, LIMIT = (125_000, 9_605, 8), "7 s, 700 MB"
BATCH_SIZE = 256


class Stopwatch:
    """Stopwatch that sums the time of the function calls it makes.

    Attributes:
        seconds: Sum of the times so far.
    """

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self, function: Callable, *args: Any, **kwargs: Any) -> Any:
        """Call a function, add its time to the sum, and return its result."""
        start = time.perf_counter()
        result = function(*args, **kwargs)
        self.seconds += time.perf_counter() - start
        return result


# Return value of a set-up function: a function that computes AP through a stopwatch.
Measured = Callable[[Stopwatch], np.ndarray]


def dense_labels(num_images: int, num_classes: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Generate scores and fully known labels, 4% of them positive."""
    generator = np.random.default_rng(0)
    scores = generator.random((num_images, num_classes), dtype=np.float32)
    labels = generator.random(scores.shape, dtype=np.float32) < 0.04
    return torch.from_numpy(scores), torch.from_numpy(labels.astype(np.float32))


def sparse_labels(num_images: int, num_classes: int, known: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Generate scores, labels and classes of the known elements, ordered by image.

    Each known class of an image is sampled from another part of the classes, so that no class occurs twice.
    """
    generator = np.random.default_rng(0)
    parts = np.linspace(0, num_classes, known + 1).astype(np.int32)
    classes = generator.integers(parts[:-1], parts[1:], size=(num_images, known), dtype=np.int32).ravel()
    scores = generator.random(classes.size, dtype=np.float32)
    return scores, (generator.random(classes.size) < 0.3).astype(np.int8), classes


def ours_dense(*size: int) -> Measured:
    """Set up the measurement of our function for dense labels."""
    scores, labels = dense_labels(*size)
    return lambda timed: timed(average_precision, scores, labels)


def ours_dense_on_gpu(*size: int) -> Measured:
    """Set up the measurement of our function for dense labels on a GPU."""
    scores, labels = (tensor.cuda() for tensor in dense_labels(*size))
    return lambda timed: timed(average_precision, scores, labels)


def mmpretrain_dense(*size: int) -> Measured:
    """Set up the measurement of MMPretrain's function for dense labels."""
    scores, labels = dense_labels(*size)
    return lambda timed: timed(AveragePrecision.calculate, scores, labels, average=None).numpy() / 100


def scikit_learn_dense(*size: int) -> Measured:
    """Set up the measurement of scikit-learn's function, which is called once per class."""
    scores, labels = (tensor.numpy().T for tensor in dense_labels(*size))
    return lambda timed: np.array([timed(average_precision_score, y, s) for y, s in zip(labels, scores)])


def ours_sparse(num_images: int, num_classes: int, known: int) -> Measured:
    """Set up the measurement of our function for known elements."""
    scores, labels, classes = sparse_labels(num_images, num_classes, known)
    return lambda timed: timed(average_precision, scores, labels, classes, num_classes=num_classes)


def ours_sparse_on_gpu(num_images: int, num_classes: int, known: int) -> Measured:
    """Set up the measurement of our function for known elements on a GPU."""
    elements = [torch.from_numpy(column).cuda() for column in sparse_labels(num_images, num_classes, known)]
    return lambda timed: timed(average_precision, *elements, num_classes=num_classes)


def ours_sparse_in_batches(num_images: int, num_classes: int, known: int) -> Measured:
    """Set up the measurement of our metric, which computes mAP from the batches of a validation.

    As with MMPretrain's heads, each sample holds one row of the score and label tensors of its batch. All
    batches share the same two arrays to save memory; neither the time nor the memory of filling them is
    counted.
    """
    rows = [column.reshape(num_images, known) for column in sparse_labels(num_images, num_classes, known)]
    arrays = np.zeros((2, BATCH_SIZE, num_classes), dtype=np.float32)
    generator = np.random.default_rng(1)

    def batch(start: int) -> list[dict[str, torch.Tensor]]:
        scores, labels, classes = (column[start : start + BATCH_SIZE] for column in rows)
        all_scores, all_labels = arrays[:, : len(classes)]
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
        return np.array([timed(metric.evaluate, num_images)["partial-label/mAP"] / 100])

    return measured


def scikit_learn_sparse(num_images: int, num_classes: int, known: int) -> Measured:
    """Set up the measurement of scikit-learn's function, called with the known elements of each class."""
    scores, labels, classes = sparse_labels(num_images, num_classes, known)

    def per_class() -> np.ndarray:
        order = np.argsort(classes, kind="stable")
        ends = np.cumsum(np.bincount(classes, minlength=num_classes))[:-1]
        parts = zip(np.split(labels[order], ends), np.split(scores[order], ends))
        return np.array([average_precision_score(y, s) if 0 < y.sum() < len(y) else np.nan for y, s in parts])

    return lambda timed: timed(per_class)


def measure(set_up: Callable, size: tuple[int, ...], repeat: int) -> tuple[float, float, np.ndarray]:
    """Return the fastest time in seconds, the growth of the peak memory in MB, and the result."""
    torch.set_num_threads(1)
    function = set_up(*size)
    before = resident_memory(reset_peak=True)
    times = []
    for _ in range(repeat):
        timed = Stopwatch()
        result = function(timed)
        times.append(timed.seconds)
    return min(times), resident_memory() - before, result


def resident_memory(reset_peak: bool = False) -> float:
    """Return the peak memory of this process in MB.

    Args:
        reset_peak: Whether to reset the peak to the current memory, if the system supports it. Otherwise the
            imports and, on Linux, the parent process determine the peak.
    """
    status, clear = Path("/proc/self/status"), Path("/proc/self/clear_refs")
    if not clear.exists():
        unit = 1e6 if sys.platform == "darwin" else 1e3
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    if reset_peak:
        with suppress(OSError):  # some containers do not allow it
            clear.write_text("5")
    return int(status.read_text().split("VmHWM:")[1].split()[0]) * 1.024e-3


def main(args: argparse.Namespace) -> None:
    """Run each measurement in a new process, for its own peak memory, and print the table."""
    divisor = 10 if args.quick else 1
    dense = (args.dense[0] // divisor, args.dense[1])
    sparse = (args.sparse[0] // divisor, args.sparse[1] // divisor, args.known)
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
    for heading in ("time", "times ours", "memory", "difference", "limit"):
        table.add_column(heading, justify="right", no_wrap=True)
    console, ours = Console(), {}
    for labels, system, set_up, size, repetitions in track(
        rows, "measuring", console=console, transient=True
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
            LIMIT if set_up is ours_sparse_in_batches and size == LIMIT_SIZE else "",
            end_section=system == "scikit-learn",
        )
    table.caption = (
        f"One thread, fastest of {args.repeat} runs (scikit-learn: 1 run; in batches: {in_batches} runs). "
        "Memory: growth of the peak memory, without the inputs. Difference: largest difference of the AP of "
        f"a class to ours; in batches, difference of mAP. Sparse labels: {args.known} known labels per "
        f"image. In batches: all calls of PartialLabelAveragePrecision in a validation with {BATCH_SIZE} "
        f"images per batch; the limit holds for {LIMIT_SIZE[0]:,} images and {LIMIT_SIZE[1]:,} classes. "
        f"MMPretrain would need {8e-9 * sparse[0] * sparse[1]:.1f} GB for dense scores and labels."
    )
    console.print(table)


if __name__ == "__main__":
    main(ARGS)
