"""Plot the figures of concepts.md with the functions used in training: `python docs/draw_concepts.py`.

The data are 1,500 images of handwritten digits with half of the labels hidden. The scores come from a small
network that is trained on the known labels for a few seconds.
"""

from __future__ import annotations

import io
from pathlib import Path

import matplotlib
import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from mmpretrain_imbalance import MultiDigits, SmallConvNet
from mmpretrain_imbalance.functional import (
    NEGATIVE,
    POSITIVE,
    REDUCTIONS,
    UNKNOWN,
    keep_probabilities,
    known_labels,
    partial_binary_cross_entropy,
    partial_label_keep,
    random_numbers,
    reduce_elements,
    selective_keep,
    unknown_weights,
)
from mmpretrain_imbalance.functional.simulation import simulate_partial_labels
from mmpretrain_imbalance.visualization.palette import DARK, LIGHT, MARKERS, METHOD_COLORS

IMAGES = Path(__file__).parent / "images"
SHOWN = 8
# Light variants of the colors of labels, behind numbers.
FILLS = {POSITIVE: DARK["positive"], NEGATIVE: "#f7cfae", UNKNOWN: "white"}
CLASSES = tuple(str(digit) for digit in range(10))


def load_digits() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return images (N, 1, H, W), their full labels (N, C), and their labels with half of them hidden."""
    dataset = MultiDigits(split="train", num_images=1500, imbalance_factor=100, seed=0, pipeline=[])
    full = np.stack([dataset.get_data_info(index)["gt_score"] for index in range(len(dataset))])
    partial = simulate_partial_labels(full, "rps", probability=0.5, seed=0)
    images = torch.from_numpy((dataset.images[:, None].astype(np.float32) - 33) / 65)
    return images, torch.from_numpy(full), torch.from_numpy(partial)


def predict(images: torch.Tensor, labels: torch.Tensor, epochs: int = 6) -> torch.Tensor:
    """Train a network that ignores unknown labels, and return its logits (N, C)."""
    torch.manual_seed(0)
    network = torch.nn.ModuleList([SmallConvNet(channels=(12, 24, 48)), torch.nn.Linear(48, labels.shape[1])])
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3)
    for _ in range(epochs):
        for rows in torch.randperm(len(images)).split(64):
            logits = network[1](network[0](images[rows])[0])
            loss = reduce_elements(
                partial_binary_cross_entropy(logits, labels[rows]), "mean_images", known_labels(labels[rows])
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    network.eval()
    with torch.no_grad():
        return network[1](network[0](images)[0])


def draw_labels(
    axes: Axes, labels: torch.Tensor, title: str, takes_part: torch.Tensor | None = None, unknown: str = "?"
) -> None:
    """Draw a label matrix; elements that do not take part in the loss are crosses."""
    symbols = {POSITIVE: "1", NEGATIVE: "0", UNKNOWN: unknown}
    for (row, column), label in np.ndenumerate(labels.int().numpy()):
        axes.add_patch(Rectangle((column, row), 1, 1, facecolor=FILLS[label], edgecolor="0.6", linewidth=0.6))
        if takes_part is None or takes_part[row, column]:
            axes.text(column + 0.5, row + 0.5, symbols[label], ha="center", va="center", fontsize=8)
        else:
            axes.plot(column + 0.5, row + 0.5, "x", color="0.25", markersize=9, markeredgewidth=1.8)
    axes.set(xlim=(0, labels.shape[1]), ylim=(len(labels), 0), aspect="equal", xlabel="class")
    axes.set_title(title, fontsize=10)
    axes.set_xticks(np.arange(labels.shape[1]) + 0.5, CLASSES, fontsize=8)
    axes.set_yticks(np.arange(len(labels)) + 0.5, range(len(labels)), fontsize=8)
    axes.tick_params(length=0)


def draw_known(full: torch.Tensor, partial: torch.Tensor) -> Figure:
    """Draw the true labels, the annotated labels and the known elements."""
    figure, panels = plt.subplots(1, 3, figsize=(10, 3.2), layout="constrained")
    known = known_labels(partial)
    draw_labels(panels[0], full, "true labels")
    draw_labels(panels[1], partial, "annotated labels: 1, 0, or ? (-1)")
    draw_labels(
        panels[2], partial, f"known: {int(known.sum())} of {known.numel()} elements", takes_part=known
    )
    panels[0].set_ylabel("image")
    return figure


def draw_unknown(logits: torch.Tensor, partial: torch.Tensor) -> Figure:
    """Draw the elements that take part in the loss if unknown labels are negative, ignored or selected."""
    figure, panels = plt.subplots(1, 3, figsize=(10, 3.2), layout="constrained")
    all_elements = torch.ones_like(partial, dtype=torch.bool)
    ignored = unknown_weights(partial, "ignore") > 0
    selected = selective_keep(logits, partial, likelihood_topk=1)
    draw_labels(
        panels[0], partial, "unknown='negative': (0) counts as 0", takes_part=all_elements, unknown="(0)"
    )
    draw_labels(panels[1], partial, "unknown='ignore': excluded", takes_part=ignored)
    num_excluded = int((~selected).sum())
    draw_labels(
        panels[2],
        partial,
        f"selective: the {num_excluded} likeliest are excluded",
        takes_part=selected,
        unknown="(0)",
    )
    panels[0].set_ylabel("image")
    return figure


def draw_keep(labels: torch.Tensor, ratio: torch.Tensor, ideal: torch.Tensor) -> Figure:
    """Plot ratios, keep probabilities and one random mask of Partial Label Masking."""
    figure, panels = plt.subplots(1, 3, figsize=(11, 3.2), layout="constrained", width_ratios=(1, 1, 1.1))
    positions = np.arange(len(ratio))
    panels[0].plot(positions, ratio, MARKERS[0], color=LIGHT["known"], label="$r$: positives / negatives")
    panels[0].axhline(float(ideal[0]), color="black", linestyle="--", label="$R$: ideal ratio (uniform)")
    panels[0].set(yscale="log", title="ratios (logarithmic axis)", xlabel="class")
    panels[0].legend(fontsize=8)
    for index, (kind, values) in enumerate(zip(("positive", "negative"), keep_probabilities(ratio, ideal))):
        panels[1].plot(
            positions,
            values,
            linestyle="none",
            marker=MARKERS[index],
            color=LIGHT[kind],
            label=f"{kind} labels",
        )
    panels[1].set(title="keep probability", xlabel="class", ylim=(-0.04, 1.08))
    panels[1].legend(fontsize=8)
    for axes in panels[:2]:
        axes.set_xticks(positions, CLASSES, fontsize=8)
        axes.title.set_fontsize(10)
    keep = partial_label_keep(labels, ratio, ideal, random_numbers(0, *labels.shape, "cpu"))
    draw_labels(panels[2], labels[:SHOWN], "one random mask: crosses are masked", takes_part=keep[:SHOWN])
    panels[2].set_ylabel("image")
    return figure


def draw_priors(full: torch.Tensor, partial: torch.Tensor, logits: torch.Tensor) -> Figure:
    """Plot the fraction of images with each class, and two estimates of it."""
    figure, axes = plt.subplots(figsize=(7.5, 3.4), layout="constrained")
    columns = {
        "true fraction of images": full.mean(dim=0),
        "estimate: mean probability of a model that ignored unknown labels": torch.sigmoid(logits).mean(
            dim=0
        ),
        "annotated positives / all images": (partial == POSITIVE).float().mean(dim=0),
    }
    positions = np.arange(len(CLASSES))
    for index, (name, values) in enumerate(columns.items()):
        shift = (index - 1) * 0.16
        axes.plot(
            positions + shift,
            values,
            linestyle="none",
            marker=MARKERS[index],
            color=METHOD_COLORS[index],
            label=name,
            markersize=6,
        )
    axes.axhline(0.5, color="0.4", linewidth=1, linestyle="--")
    axes.text(
        9.45,
        0.52,
        "prior_threshold=0.5: unknown labels of classes above are excluded",
        ha="right",
        fontsize=8,
    )
    axes.set(xlabel="class, most frequent first", ylabel="P(positive)", ylim=(-0.02, 0.92))
    axes.set_xticks(positions, CLASSES)
    axes.legend(fontsize=8, loc="upper right")
    return figure


def draw_reductions(
    logits: torch.Tensor, labels: torch.Tensor, ratio: torch.Tensor, ideal: torch.Tensor
) -> Figure:
    """Plot the loss of one masked batch by each reduction, and the contribution of each class to it."""
    rows = slice(0, 64)
    labels = labels[rows]
    known = known_labels(labels)
    keep = partial_label_keep(labels, ratio, ideal, random_numbers(0, *labels.shape, "cpu")) & known
    loss = partial_binary_cross_entropy(logits[rows], labels) * keep
    figure, panels = plt.subplots(1, 2, figsize=(10, 3.3), layout="constrained")
    values = [float(reduce_elements(loss, name, known, keep)) for name in REDUCTIONS]
    bars = panels[0].barh(range(len(values)), values, color=LIGHT["known"])
    panels[0].bar_label(bars, labels=[f"{value:.3g}" for value in values], fontsize=8, padding=3)
    panels[0].set_yticks(range(len(values)), REDUCTIONS)
    panels[0].set(
        xscale="log",
        xlim=(min(values) / 2, max(values) * 4),
        xlabel="loss of the batch, in nats (logarithmic axis)",
    )
    panels[0].set_title(f"64 images: {int(known.sum())} known elements, {int(keep.sum())} kept", fontsize=10)
    panels[0].invert_yaxis()
    factors = {}
    for name in REDUCTIONS:
        weight = torch.ones_like(loss, requires_grad=True)
        reduce_elements(weight * keep, name, known, keep).backward()
        factors[name] = (weight.grad * loss).sum(dim=0)
    for index, (name, label) in enumerate(
        (("mean_images", "sum and all means (identical)"), ("kept_per_class", "kept_per_class"))
    ):
        fraction = 100 * factors[name] / factors[name].sum()
        positions = np.arange(len(CLASSES)) + (index - 0.5) * 0.38
        panels[1].bar(
            positions,
            fraction,
            0.36,
            color=METHOD_COLORS[index],
            hatch=("", "///")[index],
            edgecolor="white",
            label=label,
        )
    panels[1].set_xticks(range(len(CLASSES)), CLASSES)
    panels[1].set(xlabel="class", ylabel="fraction of the loss in percent", ylim=(0, 27))
    panels[1].set_title("contribution of each class", fontsize=10)
    panels[1].legend(fontsize=8)
    return figure


def main() -> None:
    """Write the five figures into docs/images."""
    matplotlib.use("agg")
    torch.set_num_threads(1)
    images, full, partial = load_digits()
    logits = predict(images, partial)
    # The displayed images include some with rare classes.
    shown = torch.cat([torch.arange(5), (full[:, 6:].sum(dim=1) > 0).nonzero().flatten()[: SHOWN - 5]])
    positives, negatives = ((full == label).sum(dim=0) for label in (POSITIVE, NEGATIVE))
    ratio = positives / negatives
    ideal = (positives.sum() / negatives.sum()).expand_as(ratio)
    order = torch.cat(
        [shown, torch.tensor([row for row in range(len(full)) if row not in set(shown.tolist())])]
    )
    figures = {
        "known": draw_known(full[shown], partial[shown]),
        "unknown": draw_unknown(logits[shown], partial[shown]),
        "keep": draw_keep(full[order], ratio, ideal),
        "priors": draw_priors(full, partial, logits),
        "reductions": draw_reductions(logits[order], full[order], ratio, ideal),
    }
    IMAGES.mkdir(exist_ok=True)
    for name, figure in figures.items():
        with io.BytesIO() as buffer:
            figure.savefig(buffer, dpi=100)
            Image.open(buffer).convert("RGB").quantize(64).save(IMAGES / f"{name}.png", optimize=True)
        plt.close(figure)


if __name__ == "__main__":
    main()
