"""From the points of the rules to a probability that means what it says.

Platt's logistic map ("Probabilistic Outputs for Support Vector Machines", 1999) with two numbers,
fitted by maximum likelihood on the lab's corpus and the development set of real failures together
and rounded toward doubt; `python -m evals.cascade` and `python -m evals.calibration` measure it.
"""

from __future__ import annotations

import math

SLOPE = 1.6
SHIFT = 0.35
CEILING = 0.99
"""No rule is surer than this: one in a hundred real logs surprises even its reader."""
_EDGE = 1e-3


def calibrated(points: float) -> float:
    """The share of answers with so many points, in [0, 1], that are right; in [0, `CEILING`].

    Monotone, so an order by points stays; 0 stays 0.

    >>> calibrated(0.0), round(calibrated(0.8), 2), calibrated(1.0)
    (0.0, 0.93, 0.99)
    """
    if points <= 0:
        return 0.0
    points = min(max(points, _EDGE), 1 - _EDGE)
    odds = SLOPE * math.log(points / (1 - points)) + SHIFT
    return min(1 / (1 + math.exp(-odds)), CEILING)
