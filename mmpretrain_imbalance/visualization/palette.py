"""Colors that people with any color vision tell apart."""

from __future__ import annotations

# Okabe and Ito, "Color Universal Design" (2008), in the order of contrast on white; a gray stands in for
# their yellow.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#7F7F7F")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
