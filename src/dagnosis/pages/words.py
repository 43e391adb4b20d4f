"""Values as people say them: times, spans, shares, states."""

from __future__ import annotations

import math
from datetime import datetime, timezone

from dagnosis.model import FAMILY_MEANINGS, RetryAdvice, Transience

STATES = {
    "open": "open",
    "acknowledged": "acknowledged",
    "resolved": "resolved",
    "muted": "muted",
}
KINDS = {
    "failure": "failed task",
    "import": "broken DAG file",
    "data": "bad data",
    "silent": "silent task",
    "late": "late run",
}
NOVELTY = {"new": "new", "known": "seen before", "flaky": "flaky", "regressed": "came back"}
RETRY = {"retry": "Yes", "fail": "No", "default": "Unsure"}


def family(cause: str) -> str:
    """The name of a family or of a cause, as words.

    >>> family("out_of_memory"), family("data_error.csv_malformed")
    ('out of memory', 'csv malformed')
    """
    return cause.rpartition(".")[2].replace("_", " ")


def meaning(cause: str) -> str:
    """What a family means; empty for one that is none."""
    return FAMILY_MEANINGS.get(cause, "")


def ago(when: datetime, now: datetime) -> str:
    """How long ago, in one unit.

    >>> from datetime import timedelta
    >>> now = datetime(2026, 11, 26, tzinfo=timezone.utc)
    >>> ago(now - timedelta(minutes=7), now), ago(now + timedelta(hours=3), now)
    ('7 min ago', 'in 3 h')
    """
    seconds = (now - when).total_seconds()
    if -5 < seconds < 5:
        return "now"
    return f"{span(seconds)} ago" if seconds > 0 else f"in {span(-seconds)}"


def span(seconds: float) -> str:
    """A length of time in one or two units, cut off; a dash where it is not a number.

    >>> span(0.4), span(75), span(5400), span(200_000)
    ('0.4 s', '75 s', '90 min', '2 d 7 h')
    """
    if not math.isfinite(seconds):
        return "–"
    if seconds < 10:
        return f"{seconds:.2g} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = int(seconds // 60)
    if minutes < 120:
        return f"{minutes} min"
    hours = minutes // 60
    if hours < 48:
        return f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if days < 7 and hours else f"{days} d"


def moment(when: datetime) -> str:
    """A time in UTC to the minute.

    >>> moment(datetime(2026, 11, 26, 3, 4, tzinfo=timezone.utc))
    '2026-11-26 03:04 UTC'
    """
    return f"{when.astimezone(timezone.utc):%Y-%m-%d %H:%M} UTC"


def share(value: float) -> str:
    """A share as per cent, never rounded to certainty.

    >>> share(0.873), share(0.9996), share(0.001)
    ('87 %', '>99 %', '<1 %')
    """
    if not math.isfinite(value):
        return "–"
    if 0 < value < 0.005:
        return "<1 %"
    if 0.995 < value < 1:
        return ">99 %"
    return f"{value * 100:.0f} %"


def number(value: float) -> str:
    """A figure with four digits that count.

    >>> number(12345.0), number(0.98566), number(3.0)
    ('12,345', '0.9857', '3')
    """
    if not math.isfinite(value):
        return "–"
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:.4g}"


def size(count: int) -> str:
    """Bytes in the unit that fits.

    >>> size(900), size(5_400_000)
    ('900 B', '5.4 MB')
    """
    amount, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < 1000:
            break
        amount, unit = amount / 1000, larger
    return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"


def count(amount: int, one: str, many: str = "") -> str:
    """A number with its noun.

    >>> count(1, "task"), count(2000, "task"), count(2, "try", "tries")
    ('1 task', '2,000 tasks', '2 tries')
    """
    return f"{amount:,} {one if amount == 1 else many or one + 's'}"


def retry(detail: str, transience: Transience) -> RetryAdvice:
    """What a retry would do for a cause: as its file says, else as its transience lets one expect."""
    from dagnosis.logs.causes.catalogue import catalogue

    known = catalogue().causes.get(detail)
    if known is not None:
        return known.spec.retry
    if transience == "transient":
        return RetryAdvice("retry", None, "The cause is of a kind that passes by itself.")
    if transience == "permanent":
        return RetryAdvice("fail", None, "The same try fails again until something is changed.")
    return RetryAdvice("default", None, "Nothing is known that speaks for or against it.")
