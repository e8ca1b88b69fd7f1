"""Time a training step of the head with all classes and with the active classes only.

Example:
    python tools/benchmarks/active_classes.py --classes 9605 50000 --fraction 0.1
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

sys.path.append(str(Path(__file__).resolve().parents[1]))  # the folder of _lib

from _lib.quiet_import import import_mmpretrain


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=64, help="images per batch (default: 64)")
    parser.add_argument("--channels", type=int, default=2048, help="channels of the features (default: 2048)")
    parser.add_argument(
        "--classes",
        type=int,
        nargs="+",
        default=[9605, 50000],
        help="numbers of classes (default: 9605 50000)",
    )
    parser.add_argument(
        "--fraction", type=float, default=0.1, help="fraction of active classes (default: 0.1)"
    )
    parser.add_argument(
        "--repeats", type=int, default=7, help="number of steps; the median is reported (default: 7)"
    )
    parser.add_argument("--device", default="cpu", help="device of the head (default: cpu)")
    return parser.parse_args()


if __name__ == "__main__":
    ARGS = parse_args()  # before the slow imports
import_mmpretrain()

import torch
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample
from rich.console import Console
from rich.table import Table

import mmpretrain_imbalance  # noqa: F401  registers the heads

LOSS = dict(type="PartialAsymmetricLoss", gamma_neg=1, gamma_unknown=4, unknown="negative")
HEADS = {
    "all classes": dict(type="PartialLabelLinearClsHead", loss=LOSS),
    "LabelSpaceReductionLoss": dict(
        type="PartialLabelLinearClsHead", loss=dict(type="LabelSpaceReductionLoss", loss=LOSS)
    ),
    "ActiveClassesLinearClsHead": dict(type="ActiveClassesLinearClsHead", loss=LOSS),
}


def main(arguments: argparse.Namespace) -> None:
    """Time every head with every number of classes, and print one table."""
    torch.set_num_threads(1)

    report = Table(
        title=f"A step of the head: {arguments.images} images, {arguments.channels} channels, "
        f"{arguments.fraction:.0%} of the classes active, {arguments.device}, median of {arguments.repeats}, "
        "ms"
    )
    report.add_column("head")
    for classes in arguments.classes:
        report.add_column(f"C = {classes}: forward + backward", justify="right")
        report.add_column("with SGD", justify="right")
    for name in HEADS:
        cells = []
        for classes in arguments.classes:
            step = head_step(name, classes, arguments)
            cells += [f"{median_ms(step, optimize, arguments):.1f}" for optimize in (False, True)]
        report.add_row(name, *cells)
    Console(width=140).print(report)


def head_step(name: str, classes: int, arguments: argparse.Namespace) -> Callable[[bool], None]:
    """Return a function that runs one training step of a head."""
    head = MODELS.build(dict(HEADS[name], num_classes=classes, in_channels=arguments.channels))
    head = head.to(arguments.device).train()
    for module in head.modules():
        if hasattr(module, "active_fraction"):
            module.active_fraction = (arguments.fraction, arguments.fraction)
    optimizer = torch.optim.SGD(head.parameters(), lr=1e-4, momentum=0.9)
    generator = torch.Generator().manual_seed(0)
    labels = torch.full((arguments.images, classes), -1.0)
    listed = torch.randint(classes, (arguments.images, 8), generator=generator)
    labels.scatter_(1, listed, (torch.arange(8) % 2).float().expand_as(listed))
    samples = [DataSample().set_gt_score(row) for row in labels.to(arguments.device)]
    features = torch.randn(arguments.images, arguments.channels, generator=generator).to(arguments.device)

    def step(optimize: bool) -> None:
        head.zero_grad()
        head.loss((features.detach().requires_grad_(),), samples)["loss"].backward()
        if optimize:
            optimizer.step()
        if features.is_cuda:
            torch.cuda.synchronize()

    return step


def median_ms(step: Callable[[bool], None], optimize: bool, arguments: argparse.Namespace) -> float:
    """Return the median time of a step in milliseconds, after one step for warm-up."""
    step(optimize)
    # On a CPU, the time of this process: other processes on the machine do not count.
    clock = time.process_time if arguments.device == "cpu" else time.perf_counter
    times = []
    for _ in range(arguments.repeats):
        start = clock()
        step(optimize)
        times.append(1000 * (clock() - start))
    return median(times)


if __name__ == "__main__":
    main(ARGS)
