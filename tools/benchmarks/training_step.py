"""Time a training step of ResNet-50 with a composition of losses, compared with plain BCE.

Example:
    python tools/benchmarks/training_step.py --device cuda --images 256 --amp
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))  # the folder of _lib

from _lib.quiet_import import import_mmpretrain


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=8, help="images per batch (default: 8)")
    parser.add_argument(
        "--pixels", type=int, default=224, help="height and width of the images (default: 224)"
    )
    parser.add_argument("--classes", type=int, default=9605, help="number of classes (default: 9605)")
    parser.add_argument(
        "--repeats", type=int, default=7, help="number of repetitions; the fastest is reported (default: 7)"
    )
    parser.add_argument("--device", default="cpu", help="device of the model (default: cpu)")
    parser.add_argument("--amp", action="store_true", help="use automatic mixed precision with bfloat16")
    return parser.parse_args()


if __name__ == "__main__":
    ARGS = parse_args()  # before the slow imports
import_mmpretrain()

import torch
from losses import fastest_ms, peak_bytes, reason_to_wait
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample
from rich.console import Console
from rich.table import Table

import mmpretrain_imbalance  # noqa: F401  registers the losses

PLAIN = "MMPretrain's BCE"
LOSSES = {
    PLAIN: dict(type="CrossEntropyLoss", use_sigmoid=True),
    "PLM around pseudo-labels around P-ASL": dict(
        type="PartialLabelMaskingLoss",
        loss=dict(
            type="PseudoLabelLoss",
            warmup_epochs=0,
            loss=dict(type="PartialAsymmetricLoss", gamma_neg=1, gamma_unknown=4, unknown="negative"),
        ),
        reduction="kept_per_class",
    ),
}


def main(arguments: argparse.Namespace) -> None:
    """Time the steps in turn, so that noise affects both, and print one table."""
    torch.set_num_threads(1)

    report = Table(
        title=f"A training step of ResNet-50: {arguments.images} images of {arguments.pixels} x "
        f"{arguments.pixels} pixels, {arguments.classes} classes, "
        f"{arguments.device}{', AMP' if arguments.amp else ''}, fastest of {arguments.repeats}"
    )
    report.add_column("loss")
    for column in ("ms", "x plain BCE", "peak memory, GB", "waits for the GPU"):
        report.add_column(column, justify="right")
    measured = measure(arguments)
    plain = measured[PLAIN][0]
    for name, (time_ms, gigabytes, reason) in measured.items():
        memory = "" if gigabytes is None else f"{gigabytes:.2f}"
        report.add_row(name, f"{time_ms:.1f}", f"{time_ms / plain:.3f}", memory, reason)
    Console(width=100).print(report)


def measure(arguments: argparse.Namespace) -> dict[str, tuple[float, float | None, str]]:
    """Measure a step with each loss.

    Args:
        arguments: The parsed options.

    Returns:
        For each loss, the fastest time in ms; the peak memory on a GPU in GB, without the memory held between
        steps; and the reason if the host waits for the GPU.
    """
    device = torch.device(arguments.device)
    torch.backends.cudnn.benchmark = True
    steps = {name: training_step(loss, arguments) for name, loss in LOSSES.items()}
    times = fastest_ms(steps, arguments.repeats, device)
    return {
        name: (
            times[name],
            1e-9 * peak_bytes(step, device) if device.type == "cuda" else None,
            reason_to_wait(step, device),
        )
        for name, step in steps.items()
    }


def training_step(config: dict, arguments: argparse.Namespace) -> Callable[[], None]:
    """Return a function that runs one training step of a model with a loss."""
    model = MODELS.build(
        dict(
            type="ImageClassifier",
            backbone=dict(type="ResNet", depth=50),
            neck=dict(type="GlobalAveragePooling"),
            head=dict(
                type="MultiLabelLinearClsHead",
                num_classes=arguments.classes,
                in_channels=2048,
                loss=dict(config),
            ),
        )
    )
    model = model.to(arguments.device).train()
    generator = torch.Generator().manual_seed(0)
    uniform = torch.rand(arguments.images, arguments.classes, generator=generator)
    labels = torch.where(uniform < 0.5, (uniform < 0.025).float(), -1.0)
    if config["type"] == "CrossEntropyLoss":  # it does not support -1
        labels.clamp_(min=0)
    samples = [DataSample().set_gt_score(row) for row in labels.to(arguments.device)]
    positives = torch.linspace(1, 1000, arguments.classes)
    for module in model.modules():
        if hasattr(module, "set_label_counts"):
            module.set_label_counts(positives, 1001 - positives)
            module.set_progress(epoch=8, max_epochs=10, iteration=0)
    size = (arguments.images, 3, arguments.pixels, arguments.pixels)
    images = torch.randn(size, generator=generator).to(arguments.device)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4, momentum=0.9)

    def step() -> None:
        optimizer.zero_grad()
        with torch.autocast(images.device.type, dtype=torch.bfloat16, enabled=arguments.amp):
            loss = model(images, samples, mode="loss")["loss"]
        loss.backward()
        optimizer.step()

    return step


if __name__ == "__main__":
    main(ARGS)
