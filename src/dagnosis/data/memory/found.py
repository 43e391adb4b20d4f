"""What a batch shows against a memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats: TypeAlias = npt.NDArray[np.float64]
    Integers: TypeAlias = npt.NDArray[np.int64]
    Flags: TypeAlias = npt.NDArray[np.bool_]


class Found:
    """By measure: rows counted of rows looked at, gauges with their standard error, and which rows."""

    def __init__(self, size: int) -> None:
        self.size = float(size)
        self.counts: dict[str, tuple[float, float]] = {}
        self.gauges: dict[str, tuple[float, float]] = {}
        self.rows: dict[str, Flags] = {}

    def count(self, name: str, flags: Flags) -> None:
        """Rows that something is true of."""
        self.counts[name] = (float(flags.sum()), self.size)
        self.rows[name] = flags

    def gauge(self, name: str, value: float, noise: float) -> None:
        """A number with its standard error."""
        self.gauges[name] = (float(value), float(noise))
