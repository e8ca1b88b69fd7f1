"""Colors with one meaning each in all plots and pages, and markers of series.

Labels, groups of classes and methods have different hues, so that no color has two meanings. All of them are
told apart without color, too: by text, by the marker or dash of a series, or by hatching. Every color has a
contrast of at least 3 : 1 to the background, as WCAG 2.2 demands of graphics (success criterion 1.4.11).
Positive and negative are the blue and vermillion of Okabe and Ito, "Color Universal Design" (2008).
"""

from __future__ import annotations

# Colors on a white or light background, by meaning.
LIGHT = {
    "positive": "#0072b2",
    "negative": "#d55e00",
    "unknown": "#858582",
    "known": "#4b5563",
    "head": "#004d38",
    "middle": "#007a58",
    "tail": "#26a37c",
    "method-0": "#6a3d9a",
    "method-1": "#a17700",
    "method-2": "#c2277d",
    "method-3": "#1f1f1f",
    "method-4": "#8b5a2b",
    "method-5": "#00829b",
    "method-6": "#8f7fd6",
    "method-7": "#7a8b00",
}
# Colors on a dark background.
DARK = {
    "positive": "#56b4e9",
    "negative": "#f08a3c",
    "unknown": "#8d9093",
    "known": "#b4bcc6",
    "head": "#a6f0d2",
    "middle": "#4cc79c",
    "tail": "#1f8f6a",
    "method-0": "#b79be0",
    "method-1": "#e0b13a",
    "method-2": "#f472b6",
    "method-3": "#f0f0ee",
    "method-4": "#c99a6b",
    "method-5": "#4cc3dc",
    "method-6": "#7f8cff",
    "method-7": "#b5c94a",
}
METHOD_COLORS = tuple(LIGHT[f"method-{index}"] for index in range(8))
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")


def css_variables(colors: dict[str, str]) -> str:
    """Return the colors as CSS variables, for the style of a page.

    Args:
        colors: ``LIGHT`` or ``DARK``.

    Returns:
        The declarations.

    Example:
        >>> css_variables(LIGHT)[:18]
        '--positive:#0072b2'
    """
    return ";".join(f"--{name}:{color}" for name, color in colors.items())
