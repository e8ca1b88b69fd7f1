"""Contrast and meaning of the colors of plots and pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import mmpretrain_imbalance.visualization
from mmpretrain_imbalance.visualization.palette import DARK, LIGHT

STYLE = Path(mmpretrain_imbalance.visualization.__file__).parent / "templates" / "report.css"


def luminance(color: str) -> float:
    """Relative luminance of WCAG 2."""
    channels = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def page_colors(scheme: str) -> dict[str, str]:
    """Return the colors of text and backgrounds in the style of the pages."""
    rule = re.findall(r":root\{(.*?)\}", STYLE.read_text(encoding="utf-8"))[scheme == "dark"]
    colors = dict(re.findall(r"--([\w-]+):(#\w+)", rule))
    return {
        name: color if len(color) == 7 else "#" + "".join(2 * digit for digit in color[1:])
        for name, color in colors.items()
    }


@pytest.mark.parametrize(("scheme", "colors"), [("light", LIGHT), ("dark", DARK)])
def test_every_color_is_visible_on_cards_and_has_one_meaning(scheme: str, colors: dict[str, str]) -> None:
    background = page_colors(scheme)
    too_weak = {name: color for name, color in colors.items() if contrast(color, background["card"]) < 3}
    assert too_weak == {}
    assert len(set(colors.values())) == len(colors)
    assert colors.keys() == LIGHT.keys()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable(scheme: str) -> None:
    colors = page_colors(scheme)
    for text in ("ink", "soft"):
        assert min(contrast(colors[text], colors[back]) for back in ("page", "card")) >= 4.5
    positive = {"light": LIGHT, "dark": DARK}[scheme]["positive"]
    assert contrast(positive, colors["page"]) >= 4.5  # links
    assert contrast(positive, colors["on-fill"]) >= 4.5  # numbers in the matrix


@pytest.mark.parametrize(("scheme", "colors"), [("light", LIGHT), ("dark", DARK)])
def test_numbers_in_the_matrix_are_readable_at_every_fraction(scheme: str, colors: dict[str, str]) -> None:
    page = page_colors(scheme)
    switch = 0.87 if scheme == "light" else 0.62  # as in label_report.html.jinja and report.css

    def mixed(fraction: float) -> str:
        pairs = [[int(c[i : i + 2], 16) for c in (colors["positive"], page["page"])] for i in (1, 3, 5)]
        return "#" + "".join(f"{round(fraction * a + (1 - fraction) * b):02x}" for a, b in pairs)

    for percentage in range(101):
        text = page["on-fill"] if percentage > 100 * switch else page["ink"]
        assert contrast(text, mixed(percentage / 100)) >= 4.0
