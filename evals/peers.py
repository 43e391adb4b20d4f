"""What one would do without us, measured in the same run.

For logs: keywords, and the last exception line. The keywords are those that alerting rules and log tools
commonly match, in the order in which such rules are written; nothing here was tuned to the cases. For
data: the z-score, an alarm beyond three standard deviations.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from dagnosis.data.profile.values import Profile

_KEYWORDS = (
    (r"no module named|command not found|not installed", "missing_dependency"),
    (r"broken dag|failed to import", "dag_definition_error"),
    (r"out of memory|oom|memoryerror|return code -9", "out_of_memory"),
    (r"no space left", "disk_full"),
    (r"zombie|sigkill|sigterm|heartbeat", "worker_lost"),
    (r"rate limit|too many requests|429|quota|throttl", "rate_limit_quota"),
    (r"unauthorized|401|authentication failed|invalid credentials|access key", "authentication"),
    (r"permission denied|forbidden|403|access denied|accessdenied", "permission"),
    (r"timed? ?out|timeout", "timeout"),
    (r"connection refused|connection reset|could not connect|name or service", "network"),
    (r"conn_id|variable .* does not exist|isn't defined", "configuration_error"),
    (r"not found|no such file|does not exist|404", "resource_not_found"),
    (r"externally set|upstream_failed|skipp", "cancelled_or_upstream"),
    (r"\b50[0234]\b|service unavailable|internal server error", "external_service_error"),
    (r"serializ|pickl|xcom", "serialization_xcom"),
    (r"violates|duplicate key|invalid value|parse|decode", "data_error"),
    (r"error|exception", "code_error"),
)
_EXCEPTION = re.compile(r"(?m)^.*\b\w*(?:Error|Exception|Timeout)\b.*$")


def keyword_family(text: str) -> str:
    """The family of the first keyword that stands anywhere in the log; "unknown" for none."""
    low = text.lower()
    return next((f for pattern, f in _KEYWORDS if re.search(pattern, low)), "unknown")


def last_exception_line(text: str) -> str:
    """The last line that names an error, an exception or a time-out; "" for none."""
    found = _EXCEPTION.findall(text)
    return found[-1] if found else ""


SIGMAS = 3.0
"""Beyond so many standard deviations a z-score is an alarm, as usually written."""


def measured(profile: Profile) -> dict[str, float]:
    """What a table of data quality usually counts of a batch, by `column.metric`."""
    found = {"*.rows": float(profile.rows)}
    for column in profile.columns:
        totals, name = column.totals, column.name
        found[f"{name}.nulls"] = totals.nulls / max(profile.rows, 1)
        found[f"{name}.distinct"] = float(totals.distinct)
        for metric in ("mean", "deviation", "minimum", "maximum"):
            value = getattr(totals, metric)
            if value is not None:
                found[f"{name}.{metric}"] = value
    return found


class ThreeSigma:
    """The z-score of each metric of a batch against all batches before it."""

    def __init__(self) -> None:
        self._past: dict[str, list[float]] = {}

    def learn(self, metrics: Mapping[str, float]) -> None:
        """Of a batch that counts as healthy."""
        for name, value in metrics.items():
            self._past.setdefault(name, []).append(value)

    def score(self, metrics: Mapping[str, float]) -> tuple[float, str]:
        """The largest |z|, and the column it is of; a metric that never varied says nothing."""
        import numpy as np

        worst = 0.0, "*"
        for name, value in metrics.items():
            past = self._past.get(name, [])
            spread = float(np.std(past)) if len(past) > 1 else 0.0
            if spread:
                worst = max(worst, (abs(value - float(np.mean(past))) / spread, name))
        return worst[0], worst[1].rpartition(".")[0] or "*"


def largest_z(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of each row of a numeric table, the largest |z| of its columns."""
    import numpy as np

    spread = rows.std(axis=0)
    z: NDArray[np.float64] = np.abs(rows - rows.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    worst: NDArray[np.float64] = z.max(axis=1)
    return worst


def online_z(values: Iterable[float]) -> list[float]:
    """Of each value of a series, |z| against all values before it (Welford, 1962); 0 for the first two."""
    count, mean, squares = 0, 0.0, 0.0
    found = []
    for value in values:
        spread = (squares / count) ** 0.5 if count else 0.0
        found.append(abs(value - mean) / spread if spread > 0 and value == value else 0.0)
        if value == value:
            count += 1
            step = value - mean
            mean += step / count
            squares += step * (value - mean)
    return found
