"""Linear and logarithmic scales of chart axes, with tick positions and tick labels."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Scale:
    """Linear or logarithmic scale of an axis.

    Attributes:
        low: Value at the start of the axis.
        high: Value at the end of the axis.
        log: Whether the scale is logarithmic.

    Example:
        >>> Scale(1, 100, log=True).position(10)
        0.5
    """

    low: float
    high: float
    log: bool = False

    @classmethod
    def around(cls, values: np.ndarray, log: bool = False) -> Scale:
        """Return a scale that covers all finite values with a margin.

        Args:
            values: Values to show; a logarithmic scale uses the positive ones only.
            log: Whether the scale is logarithmic.

        Returns:
            The scale; a default one without any value to show.
        """
        values = np.asarray(values, float)
        values = values[np.isfinite(values) & ((values > 0) | (not log))]
        if not len(values):
            return cls(1.0, 10.0, log)
        low, high = float(values.min()), float(values.max())
        if log:
            factor = max((high / low) ** 0.06, 1.3 if high / low < 3 else 1.0)
            return cls(low / factor, high * factor, log=True)
        margin = 0.06 * (high - low) or 0.5 * abs(high) or 1.0
        return cls(low - margin, high + margin)

    def position(self, value: float) -> float:
        """Return the position of a value: 0 at the start, 1 at the end, outside [0, 1] beyond the axis."""
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """Return about five round numbers within the scale."""
        if self.log:
            decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            for steps in ((1,), (1, 3), (1, 2, 5), range(1, 10)):
                ticks = [float(f"{step}e{decade}") for decade in decades for step in steps]
                ticks = [tick for tick in ticks if self.low <= tick <= self.high]
                if len(ticks) >= 3:
                    return ticks[:: math.ceil(len(ticks) / 6)]
            return Scale(self.low, self.high).ticks()
        rough = (self.high - self.low) / 5
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
        first = math.ceil(self.low / step - 1e-9)
        return [index * step for index in range(first, math.floor(self.high / step + 1e-9) + 1)]


def tick_label(value: float) -> str:
    """Format a number briefly, such as '0.3', '2,000' or '1e-05'."""
    if value == 0 or abs(value) < 1e-12:
        return "0"
    if 1e-3 <= abs(value) < 1e7:
        return f"{value:,.6f}".rstrip("0").rstrip(".")
    return f"{value:.0e}"
