"""Measure losses, a training step and the evaluation on a GPU, and print one table with the limits.

This script has not been run on a GPU yet; the limits are estimates, to be corrected after the first
measurement. gpu.sh runs the tests that need a GPU, and then this script.

Example:
    python tools/benchmarks/gpu_report.py --parts losses training
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))  # the folder of _lib

from _lib.quiet_import import import_mmpretrain

PARTS = ("losses", "training", "evaluation", "compiled")


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--parts", nargs="+", choices=PARTS, default=PARTS, help="parts to measure (default: all)"
    )
    parser.add_argument("--device", default="cuda", help="device (default: cuda)")
    parser.add_argument(
        "--images",
        type=int,
        nargs="+",
        default=[64, 256],
        help="numbers of images per batch (default: 64 256)",
    )
    parser.add_argument("--classes", type=int, default=9605, help="number of classes (default: 9605)")
    parser.add_argument(
        "--pixels",
        type=int,
        default=224,
        help="height and width of the images of the training step (default: 224)",
    )
    parser.add_argument(
        "--repeats", type=int, default=30, help="number of repetitions; the fastest is reported (default: 30)"
    )
    parser.add_argument(
        "--evaluated",
        type=int,
        nargs=2,
        default=[125_000, 8],
        metavar=("IMAGES", "KNOWN"),
        help="number of images and of known labels per image of the evaluation (default: 125000 8)",
    )
    return parser.parse_args()


if __name__ == "__main__":
    ARGS = parse_args()  # before the slow imports
import_mmpretrain()

import torch
import training_step
from average_precision import Stopwatch, ours_sparse, ours_sparse_on_gpu
from losses import TORCH, batch, fastest_ms, peak_bytes, reason_to_wait, training_steps
from rich.console import Console
from rich.table import Table

CSL, PLM = "ClassAwareSelectiveLoss", "PartialLabelMaskingLoss (BCE)"
EAGER = ("PartialAsymmetricLoss", CSL, PLM, "PartialLabelMaskingLoss (CSL)", "PseudoLabelLoss (BCE)")
COMPILED = (CSL, PLM)
#: Maximum time relative to torch's own loss in the same run, eager and compiled, for 256 images in float32.
LIMITS = {(CSL, False): 6, (PLM, False): 8, (CSL, True): 3, (PLM, True): 2}
STEP_LIMIT = 1.02


def main(arguments: argparse.Namespace) -> None:
    """Measure all parts. Print each row as soon as it is measured, and the whole table at the end."""
    if arguments.device == "cuda" and not torch.cuda.is_available():
        print("There is no GPU, so nothing was measured.")
        return

    parts = dict(zip(PARTS, (eager_losses, training, evaluation, compiled_losses)))
    console = Console(width=130)
    device = torch.cuda.get_device_name() if arguments.device == "cuda" else arguments.device
    report = Table(title=f"{device}, torch {torch.__version__}, fastest of {arguments.repeats}")
    report.add_column("")
    for column in ("ms", "times plain", "memory", "limit"):
        report.add_column(column, justify="right")
    start = time.perf_counter()
    for name in arguments.parts:
        try:
            for row in parts[name](arguments):
                report.add_row(*row)
                console.print(f"{time.perf_counter() - start:.0f} s: {'  '.join(row)}", highlight=False)
        except Exception as error:  # an error in one part must not prevent the others
            traceback.print_exc()
            report.add_row(f"{name}: {type(error).__name__}", *[""] * 4)
    report.caption = (
        "Memory: peak memory of a step without the memory held between steps, in N x C float32 tensors or "
        "in GB. If the host waits for the GPU within a step, the row gives the reason; no step should wait."
    )
    console.print(report)


Row = tuple[str, str, str, str, str]


def eager_losses(arguments: argparse.Namespace) -> Iterator[Row]:
    """Yield the rows of the losses in eager mode."""
    return loss_rows(arguments, EAGER, compiled=False)


def compiled_losses(arguments: argparse.Namespace) -> Iterator[Row]:
    """Yield the rows of the compiled losses."""
    return loss_rows(arguments, COMPILED, compiled=True)


def loss_rows(arguments: argparse.Namespace, names: tuple[str, ...], compiled: bool) -> Iterator[Row]:
    """Yield the rows of losses for every batch size and dtype, compared with torch's own loss."""
    device = torch.device(arguments.device)
    for images in arguments.images:
        for dtype in ("float32", "bfloat16"):
            logits, labels = batch(images, arguments.classes, 0.5, device, dtype)
            steps = training_steps(logits, labels, compiled, names)
            times = fastest_ms(steps, arguments.repeats, device)
            for name, step in steps.items():
                limit = LIMITS.get((name, compiled)) if (images, dtype) == (256, "float32") else None
                yield row(
                    f"{name}, {images} x {arguments.classes}, {dtype}{', compiled' if compiled else ''}",
                    times[name],
                    times[name] / times[TORCH],
                    f"{peak_bytes(step, device) / (4 * logits.numel()):.1f} tensors",
                    limit,
                    reason_to_wait(step, device),
                )


def training(arguments: argparse.Namespace) -> Iterator[Row]:
    """Yield the rows of a training step of ResNet-50 in mixed precision, with the largest batch."""
    arguments = argparse.Namespace(**{**vars(arguments), "images": max(arguments.images), "amp": True})
    measured = training_step.measure(arguments)
    plain = measured[training_step.PLAIN][0]
    for name, (milliseconds, gigabytes, reason) in measured.items():
        size = f"{arguments.images} x {arguments.pixels} px, {arguments.classes} classes"
        yield row(
            f"ResNet-50, AMP, {size}, {name}",
            milliseconds,
            milliseconds / plain,
            "" if gigabytes is None else f"{gigabytes:.2f} GB",
            None if name == training_step.PLAIN else STEP_LIMIT,
            reason,
        )


def evaluation(arguments: argparse.Namespace) -> Iterator[Row]:
    """Yield the rows of the average precision of every class over known labels."""
    images, known = arguments.evaluated
    set_ups: dict[str, Callable] = {"cpu": ours_sparse}
    if arguments.device == "cuda":
        set_ups["cuda"] = ours_sparse_on_gpu
    fastest = {}
    for device, set_up in set_ups.items():
        function = set_up(images, arguments.classes, known)
        times = []
        for _ in range(min(3, arguments.repeats)):
            timed = Stopwatch()
            function(timed)
            times.append(1000 * timed.seconds)
        fastest[device] = min(times)
        yield row(
            f"AP of {images} x {arguments.classes}, {known} known labels per image, {device}",
            fastest[device],
            fastest[device] / fastest["cpu"],
            "",
            None,
        )


def row(
    name: str, milliseconds: float, ratio: float, memory: str, limit: float | None, reason: str = ""
) -> Row:
    """Format the cells of a row. The last cell has the limit, and the reason if the host waits."""
    verdict = "" if limit is None else f"<= {limit}: {'met' if ratio <= limit else 'exceeded'}"
    return (
        name,
        f"{milliseconds:.2f}",
        f"{ratio:.3f}",
        memory,
        f"{verdict} waits: {reason}" if reason else verdict,
    )


if __name__ == "__main__":
    main(ARGS)
