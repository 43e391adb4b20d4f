"""A formula that is often copied: (value - Q1) / (IQR * 1.4826). For comparison only.

It is centred on the first quartile, so the median of healthy values already scores 0.67 / 1.4826 and
more; and 1.4826 belongs to the MAD, not to the IQR (for which it is 1 / 1.349). Half of the two
mistakes cancel, the rest flags healthy high values and lets low ones pass. `robust` is what was meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dagnosis.data.detectors import Limit, Scaled

if TYPE_CHECKING:
    from dagnosis.data.detectors import Floats


class Article(Scaled):
    """Do not use it; it is here so that its false alarms can be counted beside the others.

    >>> round(Article().learn([1, 2, 3, 4, 5]).score(6), 3)
    1.349
    """

    name = "article"
    usual = Limit(3.0)

    def _measure(self, values: Floats) -> tuple[float, float]:
        import numpy as np

        low, high = (float(v) for v in np.quantile(values, (0.25, 0.75)))
        return low, (high - low) * 1.4826


DETECTOR = Article
