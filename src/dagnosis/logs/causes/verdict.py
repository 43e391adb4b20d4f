"""What one message says about the cause: causes, tables and the place where it was raised.

`judge` is the one door to the knowledge in this folder.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from dagnosis.logs.causes.catalogue import Catalogue, catalogue
from dagnosis.logs.causes.tables import TableHit, look_up
from dagnosis.model import RetryAdvice, Transience

if TYPE_CHECKING:
    from dagnosis.logs.parsing import Statement


class Verdict(msgspec.Struct, frozen=True):
    """One hypothesis about one message; heavier is more specific (1 to 10).

    `airflow` marks statements of Airflow's own supervisor and executor, which stand at any level.
    """

    detail: str
    family: str
    title: str
    weight: float
    transience: Transience = "unknown"
    retry: RetryAdvice = RetryAdvice("default")
    fix: tuple[str, ...] = ()
    symptom: bool = False
    airflow: bool = False


_SUPERVISED = ("worker_lost", "cancelled_or_upstream")
_DELAY_SECONDS = 60
"""Before a retry of what passes by itself, where the table states no better time."""


def judge(
    message: str, exception: str, statement: Statement | None, book: Catalogue | None = None
) -> tuple[Verdict, ...]:
    """The causes that `message` states, heaviest first; empty when it states none."""
    verdicts = [
        Verdict(
            detail=hit.cause.id,
            family=hit.cause.family,
            title=hit.cause.title,
            weight=hit.weight,
            transience=hit.cause.spec.transience,
            retry=hit.cause.spec.retry,
            fix=hit.cause.spec.fix,
            symptom=hit.cause.spec.symptom,
            airflow=hit.cause.family in _SUPERVISED,
        )
        for hit in (book or catalogue()).match(message, exception)
    ]
    verdicts += [
        Verdict(
            detail=f"{row.family}.{row.cause}",
            family=row.family,
            title=row.name,
            weight=row.weight,
            transience=row.transience,
            retry=_advice(row),
            fix=row.fix,
            symptom=row.symptom,
        )
        for row in look_up(message, exception)
    ]
    verdicts.sort(key=lambda v: (v.symptom, -v.weight))
    return tuple(verdicts)


def _advice(row: TableHit) -> RetryAdvice:
    if row.transience == "transient":
        return RetryAdvice("retry", row.delay_seconds or _DELAY_SECONDS, row.name)
    return RetryAdvice("fail" if row.transience == "permanent" else "default", None, row.name)
