"""Colors and markers of plots, distinguishable for people with color vision deficiencies."""

from __future__ import annotations

# Colors of Okabe and Ito, "Color Universal Design" (2008), with gray instead of yellow, which has
# little contrast on white.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#7F7F7F")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
