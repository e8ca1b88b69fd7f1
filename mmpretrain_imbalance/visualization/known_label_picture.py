"""Figure of an image beside the names of its positive, negative and unknown classes."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Sequence

import numpy as np
from matplotlib.figure import Figure, FigureBase

from .palette import LIGHT

# Label, name, sign and color. The signs differ in shape, so that the figure is readable without color.
_KINDS = (
    (1, "positive", "✔", LIGHT["positive"]),
    (0, "negative", "✘", LIGHT["negative"]),
    (-1, "unknown", "?", "#595959"),  # text needs more contrast than the gray of areas has
)
_INK = "#1b1b1b"
_LINE_LENGTH = 46  # characters of a line of names
_MIN_LINES = 13  # lines of text that fill the height of an image


def known_label_picture(
    image: np.ndarray,
    labels: np.ndarray,
    classes: Sequence[str],
    title: str = "",
    focus: Collection[str] = (),
    max_names: int = 24,
) -> Figure:
    """Draw an image beside the names of its positive, negative and unknown classes.

    Args:
        image: Image, uint8 of shape (H, W), (H, W, 1) or RGB (H, W, 3).
        labels: 1 positive, 0 negative, -1 unknown, of shape (C,).
        classes: Names of the classes, C of them.
        title: Title above the image.
        focus: Names of classes that are listed first among the classes with the same label, each on its own
            line with an arrow.
        max_names: Maximum number of other names listed per label value; the number of further ones is given.

    Returns:
        The figure, to be written with ``savefig``.

    Example:
        >>> picture = known_label_picture(np.zeros((8, 8)), np.array([1, 0, -1]), ['cat', 'dog', 'elk'])
        >>> [text.get_text() for text in picture.axes[1].texts][:2]
        ['✔ positive (1)', 'cat']
    """
    lines = _lines(labels, classes, focus, max_names)
    figure = Figure(figsize=(7.2, max(2.9, 0.45 + 0.19 * len(lines))), dpi=110, layout="constrained")
    _draw(figure, image, lines, title)
    return figure


def known_label_sheet(
    pictures: Sequence[tuple[np.ndarray, np.ndarray, str, Collection[str]]],
    classes: Sequence[str],
    max_names: int = 24,
) -> Figure:
    """Draw several images with their labels in one figure with two columns.

    Args:
        pictures: For each image the arguments ``image``, ``labels``, ``title`` and ``focus`` of
            :func:`known_label_picture`, in this order.
        classes: Names of the classes, C of them.
        max_names: Maximum number of names listed per label value; the number of further ones is given.

    Returns:
        The figure.
    """
    texts = [_lines(labels, classes, focus, max_names) for _, labels, _, focus in pictures]
    columns = min(2, len(pictures))
    rows = [texts[start : start + columns] for start in range(0, len(texts), columns)]
    heights = [max(2.9, 0.45 + 0.19 * max(map(len, row))) for row in rows]
    figure = Figure(figsize=(7.2 * columns, sum(heights)), dpi=110, layout="constrained")
    parts = figure.subfigures(len(rows), columns, squeeze=False, height_ratios=heights).reshape(-1)
    for part, (image, _, title, _), lines in zip(parts, pictures, texts):
        _draw(part, image, lines, title)
    return figure


def _lines(
    labels: np.ndarray, classes: Sequence[str], focus: Collection[str], max_names: int
) -> list[tuple[str, str, bool]]:
    """Return the lines of text, each with its color and whether it is a heading."""
    lines: list[tuple[str, str, bool]] = []
    for label, kind, sign, color in _KINDS:
        members = [classes[c] for c in np.flatnonzero(np.asarray(labels) == label).tolist()]
        others = [name for name in members if name not in focus]
        text = ", ".join(others[:max_names])
        if len(others) > max_names:
            text += f" and {len(others) - max_names:,} more"
        names = [f"→ {name}" for name in members if name in focus] + textwrap.wrap(text, _LINE_LENGTH)
        lines.append((f"{sign} {kind} ({len(members):,})", color, True))
        lines += [(line, _INK, False) for line in names or ["none"]]
    return lines


def _draw(figure: FigureBase, image: np.ndarray, lines: list[tuple[str, str, bool]], title: str) -> None:
    picture, panel = figure.subplots(1, 2, width_ratios=(2, 3))
    picture.imshow(np.squeeze(image), cmap="gray", vmin=0, vmax=255)
    picture.set_axis_off()
    picture.set_title(title, fontsize=9, loc="left", parse_math=False)
    panel.set(xlim=(0, 1), ylim=(max(_MIN_LINES, len(lines)) - 0.4, -0.6))
    panel.set_axis_off()
    for row, (text, color, heading) in enumerate(lines):
        panel.text(
            0.0 if heading else 0.05,
            row + (0.1 if heading else 0.0),
            text,
            color=color,
            fontsize=9,
            weight="bold" if heading else "normal",
            va="center",
            family="DejaVu Sans",
            parse_math=False,
        )
