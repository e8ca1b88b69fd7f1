"""Measure time and memory of a training step of each loss, compared with torch's own binary cross-entropy.

Example:
    python tools/benchmarks/losses.py --images 64 --classes 9605
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))  # the folder of _lib

from _lib.quiet_import import import_mmpretrain

DTYPES = ("float32", "bfloat16", "float16")


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=64, help="images per batch (default: 64)")
    parser.add_argument("--classes", type=int, default=9605, help="number of classes (default: 9605)")
    parser.add_argument(
        "--known",
        type=float,
        nargs="+",
        default=[1.0, 0.5, 0.001],
        help="fractions of known labels (default: 1 0.5 0.001)",
    )
    parser.add_argument(
        "--repeats", type=int, default=30, help="number of repetitions; the fastest is reported (default: 30)"
    )
    parser.add_argument("--threads", type=int, default=1, help="number of CPU threads (default: 1)")
    parser.add_argument("--device", default="cpu", help="device of the losses (default: cpu)")
    parser.add_argument(
        "--dtype", choices=DTYPES, default="float32", help="dtype of the logits (default: float32)"
    )
    parser.add_argument(
        "--labels",
        choices=["float32", "int8"],
        default="float32",
        help="dtype of the labels (default: float32)",
    )
    parser.add_argument("--compile", action="store_true", help="compile the losses of this package")
    parser.add_argument(
        "--only", nargs="+", default=[""], help="measure only losses whose name starts with one of these"
    )
    parser.add_argument(
        "--sync-error",
        action="store_true",
        help="raise an error if the host waits for the GPU in a step of a loss",
    )
    return parser.parse_args()


if __name__ == "__main__":
    ARGS = parse_args()  # before the slow imports
import_mmpretrain()

import torch
import torch.nn.functional as F
from mmpretrain.registry import MODELS
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

import mmpretrain_imbalance  # noqa: F401  registers the losses

ASYMMETRIC = dict(type="PartialAsymmetricLoss")
SELECTIVE = dict(type="ClassAwareSelectiveLoss")
OURS = {
    "PartialAsymmetricLoss (BCE)": ASYMMETRIC,
    "PartialAsymmetricLoss (ASL, clip 0.05)": dict(ASYMMETRIC, gamma_neg=4, clip=0.05, detach_focus=False),
    "ClassAwareSelectiveLoss": SELECTIVE,
    "ClassAwareSelectiveLoss, K per image": dict(SELECTIVE, topk_scope="image"),
    "PartialLabelMaskingLoss (BCE)": dict(type="PartialLabelMaskingLoss", loss=ASYMMETRIC),
    "PartialLabelMaskingLoss (MMPretrain's BCE)": dict(
        type="PartialLabelMaskingLoss", loss=dict(type="CrossEntropyLoss", use_sigmoid=True)
    ),
    "PartialLabelMaskingLoss (CSL)": dict(type="PartialLabelMaskingLoss", loss=SELECTIVE),
    "PseudoLabelLoss (BCE)": dict(type="PseudoLabelLoss", loss=ASYMMETRIC),
    "StatisticsBalancedLoss (BCE)": dict(type="StatisticsBalancedLoss", loss=ASYMMETRIC),
    "LabelSpaceReductionLoss (BCE)": dict(type="LabelSpaceReductionLoss", loss=ASYMMETRIC),
    "ClassPriorTrackingLoss (BCE)": dict(type="ClassPriorTrackingLoss", loss=ASYMMETRIC),
}
DIRECT = ("P-ASL and selection by a full sort", "masking, random numbers and bincount in plain torch")
TORCH = "torch's binary_cross_entropy_with_logits"


def main(arguments: argparse.Namespace) -> None:
    """Measure every loss for each fraction of known labels, and print one table per fraction."""
    torch.set_num_threads(arguments.threads)
    device = torch.device(arguments.device)
    for known in arguments.known:
        logits, labels = batch(arguments.images, arguments.classes, known, device, arguments.dtype)
        labels = labels.to(getattr(torch, arguments.labels))
        steps = training_steps(logits, labels, arguments.compile, tuple(arguments.only))
        times = fastest_ms(steps, arguments.repeats, device)
        for name, step in steps.items():
            if arguments.sync_error and name not in DIRECT and (reason := reason_to_wait(step, device)):
                raise RuntimeError(f"The host waits for the GPU in a step of {name}: {reason}")
        report = Table(
            title=f"Forward and backward at {arguments.images} x {arguments.classes}, "
            f"{known:.1%} of labels known, {arguments.labels} labels, {arguments.dtype} logits, {device}, "
            f"{arguments.threads} thread(s), fastest of {arguments.repeats}"
            + (", compiled" if arguments.compile else "")
        )
        report.add_column("loss")
        for column in ("ms", "x plain BCE", "peak memory, N x C float32 tensors"):
            report.add_column(column, justify="right")
        for name, step in steps.items():
            tensors = peak_bytes(step, device) / (4 * logits.numel())
            ratio = times[name] / times[TORCH]
            report.add_row(name, f"{times[name]:.2f}", f"{ratio:.2f}", f"{tensors:.1f}")
        Console(width=120).print(report)


def batch(
    images: int, classes: int, known: float, device: torch.device, dtype: str = "float32"
) -> tuple[Tensor, Tensor]:
    """Return logits and labels. A fraction ``known`` of the labels is known, 5% of these positive."""
    generator = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(images, classes, generator=generator) - 3
    uniform = torch.rand(images, classes, generator=generator)
    labels = torch.where(uniform < known, (uniform < known / 20).float(), -1.0)
    return logits.to(device, getattr(torch, dtype)), labels.to(device)


def training_steps(
    logits: Tensor, labels: Tensor, compiled: bool = False, only: tuple[str, ...] = ("",)
) -> dict[str, Callable[[], None]]:
    """Return the compared functions by name. Each runs one forward and backward pass of a loss.

    The first is torch's own loss, not compiled, in float32 as under autocast.

    Args:
        logits: Logits of shape (N, C).
        labels: Labels of shape (N, C).
        compiled: Whether to compile the losses of this package, and to add torch's own loss compiled.
        only: Prefixes of the names of the losses of this package to include.

    Returns:
        The functions by name.
    """
    targets = labels.clamp(min=0).float()
    classes = logits.shape[1]
    positives = torch.linspace(1, 1000, classes)
    prior = torch.linspace(0, 0.1, classes)
    ratio = (positives / (1001 - positives)).to(logits.device)
    # All losses share the code of one forward method, and the compiler limits the number of graphs per code.
    torch._dynamo.config.cache_size_limit = 256

    def step(loss: Callable[[Tensor, Tensor], Tensor], target: Tensor) -> Callable[[], None]:
        return lambda: loss(logits.detach().requires_grad_(), target).backward()

    def built(config: dict) -> nn.Module:
        if config["type"] == "ClassAwareSelectiveLoss":
            config = dict(config, class_prior=prior.tolist())
        loss = MODELS.build(config).to(logits.device).train()
        for module in loss.modules():
            if hasattr(module, "set_label_counts"):
                module.set_label_counts(positives, 1001 - positives)
                module.set_progress(epoch=8, max_epochs=10, iteration=0)
        return torch.compile(loss, fullgraph=True, dynamic=False) if compiled else loss

    def bce(x: Tensor, y: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(x.float(), y)

    others = dict(zip(DIRECT, (direct_selection(prior), direct_masking(ratio))))
    steps = {TORCH: step(bce, targets)}
    if compiled:
        steps[f"{TORCH}, compiled"] = step(torch.compile(bce, fullgraph=True, dynamic=False), targets)
    elif only == ("",):
        steps.update({name: step(loss, labels) for name, loss in others.items()})
    steps.update(
        {name: step(built(config), labels) for name, config in OURS.items() if name.startswith(only)}
    )
    return steps


def direct_selection(class_prior: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
    """Return class-aware selection in plain torch, with a sort of all unknown elements and dense factors."""

    def loss(logits: Tensor, labels: Tensor) -> Tensor:
        positive, negative, unknown = (labels == 1).float(), (labels == 0).float(), (labels == -1).float()
        p = torch.sigmoid(logits.float())
        q = 1 - p
        weight = torch.ones_like(p)
        weight[unknown * (class_prior.to(p.device) > 0.05) > 0] = 0
        ranked = q.detach()[unknown > 0].sort().values
        if len(ranked):
            weight[(unknown > 0) & (q.detach() <= ranked[min(len(logits), len(ranked)) - 1])] = 0
        with torch.no_grad():
            gamma = 0 * positive + 1 * negative + 4 * unknown
            focus = torch.pow(1 - p * positive - q * (negative + unknown), gamma)
        logs = positive * torch.log(p.clamp(min=1e-8)) + (negative + unknown) * torch.log(q.clamp(min=1e-8))
        return -(weight * focus * logs).sum()

    return loss


def direct_masking(ratio: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
    """Return masked BCE in plain torch, with dense random numbers and a bincount of probabilities."""
    ideal = torch.ones_like(ratio)

    def loss(logits: Tensor, labels: Tensor) -> Tensor:
        positive, negative = labels == 1, labels == 0
        chance = torch.where(positive, (ideal / ratio).clamp(max=1), (ratio / ideal).clamp(max=1))
        keep = (torch.rand(logits.shape, device=logits.device) < chance) & (positive | negative)
        with torch.no_grad():
            bins = (torch.sigmoid(logits.float()) * 10).long().clamp(max=9)
            columns = torch.arange(logits.shape[1], device=logits.device)
            codes = (negative * logits.shape[1] + columns) * 10 + bins
            torch.bincount(codes[positive | negative], minlength=20 * logits.shape[1])
        return F.binary_cross_entropy_with_logits(
            logits.float(), positive.float(), weight=keep.float(), reduction="sum"
        )

    return loss


def reason_to_wait(step: Callable[[], None], device: torch.device) -> str:
    """Return PyTorch's message if a step makes the host wait for the GPU, else an empty string."""
    if device.type != "cuda":
        return ""
    wait(device)
    torch.cuda.set_sync_debug_mode("error")
    try:
        step()
    except RuntimeError as error:
        return str(error).splitlines()[0]
    finally:
        torch.cuda.set_sync_debug_mode("default")
    return ""


def fastest_ms(steps: dict[str, Callable[[], None]], repeats: int, device: torch.device) -> dict[str, float]:
    """Return the fastest time of each step. The steps are timed in turn, so that noise affects all."""
    # With one thread, the CPU time of this process excludes other programs on the machine.
    clock = time.process_time if device.type == "cpu" and torch.get_num_threads() == 1 else time.perf_counter
    fastest = dict.fromkeys(steps, float("inf"))
    for _ in range(repeats + 2):
        # On some CPUs, logarithms are ten times slower until the power of a long tensor was computed once.
        torch.ones(4096).pow(1.5)
        for name, step in steps.items():
            wait(device)
            start = clock()
            step()
            wait(device)
            fastest[name] = min(fastest[name], 1000 * (clock() - start))
    return fastest


def peak_bytes(step: Callable[[], None], device: torch.device) -> int:
    """Return the peak memory of a step in bytes, without its inputs."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        step()
        return torch.cuda.max_memory_allocated(device) - before
    with torch.profiler.profile(
        activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True
    ) as profile:
        step()
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "trace.json"
        profile.export_chrome_trace(str(trace))
        events = json.loads(trace.read_text())["traceEvents"]
    changes = sorted(
        (event["ts"], event["args"]["Bytes"]) for event in events if event.get("name") == "[memory]"
    )
    held = peak = 0
    for _, change in changes:
        held += change
        peak = max(peak, held)
    return peak


def wait(device: torch.device) -> None:
    """Wait until the device has finished its work."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


if __name__ == "__main__":
    main(ARGS)
