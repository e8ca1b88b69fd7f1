"""Measure losses, a training step and the evaluation on a GPU, and print one table with the bars.

It has not been run on a GPU yet: the bars for GPUs are to be corrected once, by the first measurement.
``gpu.sh`` runs the tests that need a GPU, and then this.

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

sys.path.append(str(Path(__file__).resolve().parents[1]))  # where _lib is

from _lib.quiet_import import import_mmpretrain

PARTS = ("losses", "training", "evaluation", "compiled")


def parse_args() -> argparse.Namespace:
    """Parse the options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="what is measured")
    parser.add_argument("--device", default="cuda", help="where it is measured")
    parser.add_argument("--images", type=int, nargs="+", default=[64, 256], help="images of a batch")
    parser.add_argument("--classes", type=int, default=9605, help="number of classes")
    parser.add_argument("--pixels", type=int, default=224, help="side of an image of the training step")
    parser.add_argument("--repeats", type=int, default=30, help="rounds; the fastest counts")
    parser.add_argument(
        "--evaluated",
        type=int,
        nargs=2,
        default=[125_000, 8],
        metavar=("IMAGES", "KNOWN"),
        help="images of the evaluation, and known labels of each",
    )
    return parser.parse_args()


if __name__ == "__main__":
    ARGS = parse_args()  # before the imports, which take seconds
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
#: Largest ratio to torch's own loss in the same run, eager and compiled, at 256 images in float32.
BARS = {(CSL, False): 6, (PLM, False): 8, (CSL, True): 3, (PLM, True): 2}
STEP_BAR = 1.02


def main(arguments: argparse.Namespace) -> None:
    """Measure part after part, print each row when it is there, and all of them at the end."""
    if arguments.device == "cuda" and not torch.cuda.is_available():
        print("There is no GPU, so nothing is measured.")
        return

    parts = dict(zip(PARTS, (eager_losses, training, evaluation, compiled_losses)))
    console = Console(width=130)
    device = torch.cuda.get_device_name() if arguments.device == "cuda" else arguments.device
    report = Table(title=f"{device}, torch {torch.__version__}, fastest of {arguments.repeats}")
    report.add_column("")
    for column in ("ms", "times plain", "memory", "bar"):
        report.add_column(column, justify="right")
    start = time.perf_counter()
    for name in arguments.parts:
        try:
            for row in parts[name](arguments):
                report.add_row(*row)
                console.print(f"{time.perf_counter() - start:.0f} s: {'  '.join(row)}", highlight=False)
        except Exception as error:  # the other parts are measured all the same
            traceback.print_exc()
            report.add_row(f"{name}: {type(error).__name__}", *[""] * 4)
    report.caption = (
        "Memory: the peak of a step above what is held between steps, in tables N x C of float32 or in GB. "
        "A row says so where the host waits for the GPU within a step; none does by the design."
    )
    console.print(report)


Row = tuple[str, str, str, str, str]


def eager_losses(arguments: argparse.Namespace) -> Iterator[Row]:
    """Rows of the losses, eager."""
    return loss_rows(arguments, EAGER, compiled=False)


def compiled_losses(arguments: argparse.Namespace) -> Iterator[Row]:
    """Rows of the losses, compiled."""
    return loss_rows(arguments, COMPILED, compiled=True)


def loss_rows(arguments: argparse.Namespace, names: tuple[str, ...], compiled: bool) -> Iterator[Row]:
    """Rows of losses at every size and precision, beside torch's own in the same run."""
    device = torch.device(arguments.device)
    for images in arguments.images:
        for dtype in ("float32", "bfloat16"):
            logits, labels = batch(images, arguments.classes, 0.5, device, dtype)
            steps = training_steps(logits, labels, compiled, names)
            times = fastest_ms(steps, arguments.repeats, device)
            for name, step in steps.items():
                bar = BARS.get((name, compiled)) if (images, dtype) == (256, "float32") else None
                yield row(
                    f"{name}, {images} x {arguments.classes}, {dtype}{', compiled' if compiled else ''}",
                    times[name],
                    times[name] / times[TORCH],
                    f"{peak_bytes(step, device) / (4 * logits.numel()):.1f} tables",
                    bar,
                    reason_to_wait(step, device),
                )


def training(arguments: argparse.Namespace) -> Iterator[Row]:
    """Rows of a step of ResNet-50 in mixed precision, with the largest batch."""
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
            None if name == training_step.PLAIN else STEP_BAR,
            reason,
        )


def evaluation(arguments: argparse.Namespace) -> Iterator[Row]:
    """Rows of the average precision of every class over known labels."""
    images, known = arguments.evaluated
    places: dict[str, Callable] = {"cpu": ours_sparse}
    if arguments.device == "cuda":
        places["cuda"] = ours_sparse_on_gpu
    fastest = {}
    for place, set_up in places.items():
        function = set_up(images, arguments.classes, known)
        times = []
        for _ in range(min(3, arguments.repeats)):
            timed = Stopwatch()
            function(timed)
            times.append(1000 * timed.seconds)
        fastest[place] = min(times)
        yield row(
            f"AP of {images} x {arguments.classes}, {known} known labels each, {place}",
            fastest[place],
            fastest[place] / fastest["cpu"],
            "",
            None,
        )


def row(
    name: str, milliseconds: float, ratio: float, memory: str, bar: float | None, reason: str = ""
) -> Row:
    """Write the cells of a row; the last says whether its bar holds, or why the host waits for the GPU."""
    verdict = "" if bar is None else f"<= {bar}: {'holds' if ratio <= bar else 'does not hold'}"
    return (
        name,
        f"{milliseconds:.2f}",
        f"{ratio:.3f}",
        memory,
        f"{verdict} waits: {reason}" if reason else verdict,
    )


if __name__ == "__main__":
    main(ARGS)
