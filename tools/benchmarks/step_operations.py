"""Count operations, host reads and graph breaks of one training step of each loss, without a GPU.

A step is the forward and backward pass in training mode, with label counts and progress set. Its tensors are
on the simulated device of mmpretrain_imbalance.testing.counted_step, which computes on the CPU.

- int8, float: number of ATen operations on tensors of the device, for labels of this dtype, including the
  detach that creates the leaf tensor. The number of views among them is in parentheses; views do no work. By
  this rule, torch's own binary cross-entropy takes 8 operations. The losses have validate='later', in the
  columns "never" validate='never'.
- reads: operations that make the host wait for a result, such as item, nonzero or a boolean index.
- copies: copies from the host that are not non_blocking. Reads and copies are listed below the table.
- graphs, breaks: graphs and graph breaks of torch.compile for the forward pass.

Example:
    python tools/benchmarks/step_operations.py --only BCE HillLoss --list
"""

from __future__ import annotations

import argparse
import inspect
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))  # the folder of _lib

from _lib.quiet_import import import_mmpretrain


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--only", nargs="+", metavar="ROW", help="measure only rows whose name starts with one of these"
    )
    parser.add_argument("--list", action="store_true", help="list every operation, for float labels")
    return parser.parse_args()


if __name__ == "__main__":
    ARGS = parse_args()  # before the slow imports
import_mmpretrain()

import torch
import torch.nn.functional as F
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn
from torch._dynamo.utils import counters

from mmpretrain_imbalance.functional import LossContext
from mmpretrain_imbalance.losses import ElementwiseLoss
from mmpretrain_imbalance.testing.counted_step import DEVICE, DeviceTensor, StepCount, counted_step, to_device

IMAGES, CLASSES = 16, 12
BCE = dict(type="PartialAsymmetricLoss")
#: Values of loss arguments without a default. A new loss with a new required argument needs a value here.
REQUIRED = dict(
    loss=BCE,
    num_images=IMAGES,
    num_classes=CLASSES,
    expected_positives=1.0,
    pseudo_labels=[[1, 0, -1] * (CLASSES // 3)] * IMAGES,
)
COMPOSITIONS = {
    "BCE": BCE,
    "Hill": dict(type="HillLoss"),
    "ASL": dict(type="PartialAsymmetricLoss", gamma_neg=4, clip=0.05),
    "CSL, batch top-k, class prior": dict(
        type="ClassAwareSelectiveLoss", class_prior=[0.01 * index for index in range(CLASSES)]
    ),
    "PLM(BCE), kept_per_class": dict(type="PartialLabelMaskingLoss", loss=BCE, reduction="kept_per_class"),
}
TORCH = "torch's binary_cross_entropy_with_logits"
MIXUP = dict(augments=dict(type="Mixup", alpha=1.0), probs=1.0)
PARTIAL_MIXUP = dict(augments=dict(type="PartialLabelMixup", alpha=1.0), probs=1.0)


def main(arguments: argparse.Namespace) -> None:
    """Count the operations of every loss, the head and the data preprocessor, and print one table."""
    console = Console(width=136)
    report = Table(title="A training step: operations (views among them), host reads, compiled graphs")
    report.add_column("")
    for column in ("int8", "float", "never, int8", "never, float", "reads", "copies", "graphs", "breaks"):
        report.add_column(column, justify="right")
    listed: list[str] = []
    for name, cells in rows(tuple(arguments.only or ("",))).items():
        counts, graphs = cells()
        shown = ["" if count is None else str(count) for count in counts]
        measured = [count for count in counts if count is not None]
        waits = [str(max(len(getattr(count, kind)) for count in measured)) for kind in ("reads", "copies")]
        report.add_row(name, *shown, *waits, *map(str, graphs))
        for kind in ("reads", "copies"):
            occurrences = Counter(line for count in measured for line in set(getattr(count, kind)))
            for line, times in occurrences.items():
                listed.append(f"{name}: {kind} in {times} of {len(measured)} columns, {line}")
        if arguments.list:
            lines = Counter(line.rpartition(" ")[0] for line in counts[1].operations)
            listed += [f"{name}: {times} at {line}" for line, times in lines.items()]
    console.print(report)
    for line in listed:
        console.print(line, soft_wrap=True, highlight=False)


def rows(wanted: tuple[str, ...]) -> dict[str, Callable[[], tuple[list, tuple]]]:
    """Return a function per row that computes the counts of its four columns, and its graphs and breaks."""

    def of_loss(config: dict) -> tuple[list[StepCount], tuple[int, int]]:
        counts = [
            count_loss(built_loss(config, validate), dtype)
            for validate in ("later", "never")
            for dtype in (torch.int8, torch.float32)
        ]
        return counts, compiled_graphs(config)

    def alone(count: Callable[..., StepCount], *args, **kwargs) -> Callable[[], tuple]:
        return lambda: ([None, count(*args, **kwargs), None, None], ())

    preprocessor = "PartialLabelDataPreprocessor"
    table = {
        TORCH: alone(count_loss, TorchBCE(), torch.float32),
        **{
            name: lambda config=config: of_loss(config)
            for name, config in {**COMPOSITIONS, **registered_losses()}.items()
        },
        "PartialLabelLinearClsHead, BCE": alone(count_head),
        f"{preprocessor}, lists of labels": alone(count_preprocessor, "l"),
        f"{preprocessor}, int8 vectors": alone(count_preprocessor, "v"),
        f"{preprocessor}, positive indices": alone(count_preprocessor, "i"),
        f"{preprocessor}, all three": alone(count_preprocessor, "lvi"),
        f"{preprocessor}, lists, PartialLabelMixup": alone(
            count_preprocessor, "l", batch_augments=PARTIAL_MIXUP
        ),
        f"{preprocessor}, indices, Mixup": alone(count_preprocessor, "i", batch_augments=MIXUP),
    }
    return {name: row for name, row in table.items() if name.startswith(wanted)}


class TorchBCE(nn.Module):
    """Torch's own binary cross-entropy."""

    def forward(self, logits: Tensor, labels: Tensor, context: LossContext) -> Tensor:
        """Return the mean over all elements."""
        return F.binary_cross_entropy_with_logits(logits, labels)


def registered_losses() -> dict[str, dict]:
    """Return the smallest config of every registered loss of the package: its required arguments only."""
    configs = {}
    for name, loss in sorted(MODELS.module_dict.items()):
        if isinstance(loss, type) and issubclass(loss, ElementwiseLoss):
            parameters = inspect.signature(loss).parameters.values()
            required = [p.name for p in parameters if p.default is p.empty and p.kind != p.VAR_KEYWORD]
            configs[name] = dict(type=name, **{argument: REQUIRED[argument] for argument in required})
    return configs


def built_loss(config: dict, validate: str) -> nn.Module:
    """Build a loss, and set the label counts and the progress, as the hooks do."""
    loss = MODELS.build(dict(config, validate=validate)).train()
    positives = torch.arange(1, CLASSES + 1) * 10
    for module in loss.modules():
        if hasattr(module, "set_progress"):
            module.set_label_counts(positives, 200 - positives)
            module.set_progress(epoch=8, max_epochs=10, iteration=0)
    return loss


def batch(dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Return logits and labels; a third of the labels each is positive, negative and unknown."""
    generator = torch.Generator().manual_seed(0)
    logits = 2 * torch.randn(IMAGES, CLASSES, generator=generator)
    return logits, torch.randint(-1, 2, logits.shape, generator=generator).to(dtype)


def step_context(parts: nn.Module, logits: Tensor, ids: Tensor) -> LossContext:
    """Return the context that heads pass to a loss in each step, and set averaged logits as the hooks do."""
    for module in parts.modules():
        if hasattr(module, "averaged_logits"):
            module.averaged_logits = logits
    return LossContext(sample_ids=ids, activation_maps=logits[:, :, None, None])


def count_loss(loss: nn.Module, dtype: torch.dtype) -> StepCount:
    """Count the second step of a loss; the first step creates tensors that later steps use again."""
    logits, labels, ids = (DeviceTensor(tensor) for tensor in (*batch(dtype), torch.arange(IMAGES)))
    loss = to_device(loss)
    for _ in range(2):
        context = step_context(loss, logits, ids)
        with counted_step() as count:
            loss(logits.detach().requires_grad_(), labels, context=context).backward()
    return count


def compiled_graphs(config: dict) -> tuple[int, int]:
    """Return the number of graphs and of graph breaks of ``torch.compile`` for the forward pass."""
    torch._dynamo.reset()
    counters.clear()
    logits, labels = batch(torch.int8)
    loss = built_loss(config, "later")
    context = step_context(loss, logits, torch.arange(IMAGES))
    torch.compile(loss, backend="eager")(logits.clone().requires_grad_(), labels, context=context).backward()
    return counters["stats"]["unique_graphs"], sum(counters["graph_break"].values())


def count_head() -> StepCount:
    """Count a step of the head, which starts from the features of the backbone."""
    head = dict(type="PartialLabelLinearClsHead", num_classes=CLASSES, in_channels=8, loss=BCE)
    head = to_device(MODELS.build(head).train())
    features, labels = DeviceTensor(torch.randn(IMAGES, 8)), DeviceTensor(batch(torch.float32)[1])
    for _ in range(2):
        with counted_step() as count:
            samples = [
                DataSample(metainfo=dict(sample_idx=index)).set_gt_score(row)
                for index, row in enumerate(labels.unbind())
            ]
            head.loss((features.detach().requires_grad_(),), samples)["loss"].backward()
    return count


def count_preprocessor(kinds: str, **kwargs) -> StepCount:
    """Count the data preprocessor for samples with lists, vectors or indices of labels, in alternation."""
    samples = dict(
        l=lambda row: DataSample(gt_label_indices=(row >= 0).nonzero()[:, 0], gt_label_values=row[row >= 0]),
        v=lambda row: DataSample(gt_score=row),
        i=lambda row: DataSample().set_gt_label((row == 1).nonzero()[:, 0]),
    )
    data_samples = [samples[kinds[index % len(kinds)]](row) for index, row in enumerate(batch(torch.int8)[1])]
    images = [torch.zeros(3, 8, 8, dtype=torch.uint8)] * IMAGES
    preprocessor = MODELS.build(
        dict(type="PartialLabelDataPreprocessor", num_classes=CLASSES, mean=[0.0], std=[1.0], **kwargs)
    )
    with counted_step():
        preprocessor.to(DEVICE)
    with counted_step() as count:
        preprocessor(dict(inputs=images, data_samples=data_samples), training=True)
    return count


if __name__ == "__main__":
    main(ARGS)
