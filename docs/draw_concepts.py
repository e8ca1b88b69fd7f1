"""Draw the pictures of concepts.md with the functions that training uses: `python docs/draw_concepts.py`.

The labels are those of 1,500 images of handwritten digits of which half of the labels are hidden, the scores
those of a small network that learned from the known labels for a few seconds.
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
from mmpretrain_imbalance.visualization.palette import COLORS, MARKERS

IMAGES = Path(__file__).parent / "images"
SHOWN = 8
FILLS = {POSITIVE: COLORS[5], NEGATIVE: "0.85", UNKNOWN: "white"}
CLASSES = tuple(str(digit) for digit in range(10))


def load_digits() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Images (N, 1, H, W), their full labels and their labels after half of them were hidden, (N, C)."""
    dataset = MultiDigits(split="train", num_images=1500, imbalance_factor=100, seed=0, pipeline=[])
    full = np.stack([dataset.get_data_info(index)["gt_score"] for index in range(len(dataset))])
    partial = simulate_partial_labels(full, "rps", probability=0.5, seed=0)
    images = torch.from_numpy((dataset.images[:, None].astype(np.float32) - 33) / 65)
    return images, torch.from_numpy(full), torch.from_numpy(partial)


def predict(images: torch.Tensor, labels: torch.Tensor, epochs: int = 6) -> torch.Tensor:
    """Logits (N, C) of a network that ignored unknown labels while it learned."""
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


def draw_table(
    axes: Axes, labels: torch.Tensor, title: str, takes_part: torch.Tensor | None = None, unknown: str = "?"
) -> None:
    """A table of labels, in color and in writing; an element that takes no part in the loss is a cross."""
    symbols = {POSITIVE: "1", NEGATIVE: "0", UNKNOWN: unknown}
    for (row, column), label in np.ndenumerate(labels.int().numpy()):
        axes.add_patch(Rectangle((column, row), 1, 1, facecolor=FILLS[label], edgecolor="0.6", linewidth=0.6))
        if takes_part is None or takes_part[row, column]:
            axes.text(column + 0.5, row + 0.5, symbols[label], ha="center", va="center", fontsize=8)
        else:
            axes.plot(column + 0.5, row + 0.5, "x", color=COLORS[1], markersize=9, markeredgewidth=1.8)
    axes.set(xlim=(0, labels.shape[1]), ylim=(len(labels), 0), aspect="equal", xlabel="class")
    axes.set_title(title, fontsize=10)
    axes.set_xticks(np.arange(labels.shape[1]) + 0.5, CLASSES, fontsize=8)
    axes.set_yticks(np.arange(len(labels)) + 0.5, range(len(labels)), fontsize=8)
    axes.tick_params(length=0)


def draw_known(full: torch.Tensor, partial: torch.Tensor) -> Figure:
    """The truth, what was annotated, and which elements are known."""
    figure, panels = plt.subplots(1, 3, figsize=(10, 3.2), layout="constrained")
    known = known_labels(partial)
    draw_table(panels[0], full, "what is in the images")
    draw_table(panels[1], partial, "what was annotated: 1, 0, or ? (-1)")
    draw_table(panels[2], partial, f"known: {int(known.sum())} of {known.numel()} elements", takes_part=known)
    panels[0].set_ylabel("image")
    return figure


def draw_unknown(logits: torch.Tensor, partial: torch.Tensor) -> Figure:
    """What takes part in the loss when unknown labels are negative, ignored, or selected."""
    figure, panels = plt.subplots(1, 3, figsize=(10, 3.2), layout="constrained")
    every = torch.ones_like(partial, dtype=torch.bool)
    ignored = unknown_weights(partial, "ignore") > 0
    selected = selective_keep(logits, partial, likelihood_topk=1)
    draw_table(panels[0], partial, "unknown='negative': (0) counts as 0", takes_part=every, unknown="(0)")
    draw_table(panels[1], partial, "unknown='ignore': left out", takes_part=ignored)
    left_out = int((~selected).sum())
    draw_table(
        panels[2],
        partial,
        f"selective: the {left_out} likeliest left out",
        takes_part=selected,
        unknown="(0)",
    )
    panels[0].set_ylabel("image")
    return figure


def draw_keep(labels: torch.Tensor, ratio: torch.Tensor, ideal: torch.Tensor) -> Figure:
    """Ratios, keep probabilities, and one draw of Partial Label Masking."""
    figure, panels = plt.subplots(1, 3, figsize=(11, 3.2), layout="constrained", width_ratios=(1, 1, 1.1))
    places = np.arange(len(ratio))
    panels[0].plot(places, ratio, MARKERS[0], color=COLORS[0], label="$r$: positives / negatives")
    panels[0].axhline(float(ideal[0]), color=COLORS[1], linestyle="--", label="$R$: ideal ratio (uniform)")
    panels[0].set(yscale="log", title="ratios", xlabel="class")
    panels[0].legend(fontsize=8)
    for index, (kind, values) in enumerate(zip(("positive", "negative"), keep_probabilities(ratio, ideal))):
        panels[1].plot(
            places,
            values,
            linestyle="none",
            marker=MARKERS[index],
            color=COLORS[index],
            label=f"of a {kind}",
        )
    panels[1].set(title="probability of keeping", xlabel="class", ylim=(-0.04, 1.08))
    panels[1].legend(fontsize=8)
    for axes in panels[:2]:
        axes.set_xticks(places, CLASSES, fontsize=8)
        axes.title.set_fontsize(10)
    keep = partial_label_keep(labels, ratio, ideal, random_numbers(0, *labels.shape, "cpu"))
    draw_table(panels[2], labels[:SHOWN], "one draw: crosses are masked", takes_part=keep[:SHOWN])
    panels[2].set_ylabel("image")
    return figure


def draw_priors(full: torch.Tensor, partial: torch.Tensor, logits: torch.Tensor) -> Figure:
    """The share of images that show each class, and two guesses at it."""
    figure, axes = plt.subplots(figsize=(7.5, 3.4), layout="constrained")
    columns = {
        "truth": full.mean(dim=0),
        "estimate: mean probability of a model that ignored unknown labels": torch.sigmoid(logits).mean(
            dim=0
        ),
        "annotated positives / all images": (partial == POSITIVE).float().mean(dim=0),
    }
    places = np.arange(len(CLASSES))
    for index, (name, values) in enumerate(columns.items()):
        shift = (index - 1) * 0.16
        axes.plot(
            places + shift,
            values,
            linestyle="none",
            marker=MARKERS[index],
            color=COLORS[index],
            label=name,
            markersize=6,
        )
    axes.axhline(0.5, color="0.4", linewidth=1, linestyle="--")
    axes.text(
        9.45,
        0.52,
        "prior_threshold=0.5: unknown labels of classes above are left out",
        ha="right",
        fontsize=8,
    )
    axes.set(xlabel="class, most frequent first", ylabel="P(positive)", ylim=(-0.02, 0.92))
    axes.set_xticks(places, CLASSES)
    axes.legend(fontsize=8, loc="upper right")
    return figure


def draw_reductions(
    logits: torch.Tensor, labels: torch.Tensor, ratio: torch.Tensor, ideal: torch.Tensor
) -> Figure:
    """One batch after masking, as one number by each reduction, and what each class has to say in it."""
    rows = slice(0, 64)
    labels = labels[rows]
    known = known_labels(labels)
    keep = partial_label_keep(labels, ratio, ideal, random_numbers(0, *labels.shape, "cpu")) & known
    loss = partial_binary_cross_entropy(logits[rows], labels) * keep
    figure, panels = plt.subplots(1, 2, figsize=(10, 3.3), layout="constrained")
    values = [float(reduce_elements(loss, name, known, keep)) for name in REDUCTIONS]
    bars = panels[0].barh(range(len(values)), values, color=COLORS[0])
    panels[0].bar_label(bars, labels=[f"{value:.3g}" for value in values], fontsize=8, padding=3)
    panels[0].set_yticks(range(len(values)), REDUCTIONS)
    panels[0].set(xscale="log", xlim=(min(values) / 2, max(values) * 4), xlabel="loss of the batch, in nats")
    panels[0].set_title(f"64 images: {int(known.sum())} known elements, {int(keep.sum())} kept", fontsize=10)
    panels[0].invert_yaxis()
    factors = {}
    for name in REDUCTIONS:
        weight = torch.ones_like(loss, requires_grad=True)
        reduce_elements(weight * keep, name, known, keep).backward()
        factors[name] = (weight.grad * loss).sum(dim=0)
    for index, (name, label) in enumerate(
        (("mean_images", "sum and the means: all the same"), ("kept_per_class", "kept_per_class"))
    ):
        fraction = 100 * factors[name] / factors[name].sum()
        places = np.arange(len(CLASSES)) + (index - 0.5) * 0.38
        panels[1].bar(
            places,
            fraction,
            0.36,
            color=COLORS[index],
            hatch=("", "///")[index],
            edgecolor="white",
            label=label,
        )
    panels[1].set_xticks(range(len(CLASSES)), CLASSES)
    panels[1].set(xlabel="class", ylabel="share of the loss in percent", ylim=(0, 27))
    panels[1].set_title("what each class has to say", fontsize=10)
    panels[1].legend(fontsize=8)
    return figure


def main() -> None:
    """Write the five pictures into docs/images."""
    matplotlib.use("agg")
    torch.set_num_threads(1)
    images, full, partial = load_digits()
    logits = predict(images, partial)
    # Images whose table shows rare classes too.
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
