"""Runs that are late against their own history, and tries that run and have gone silent.

A real segmentation fault can leave a task running for ever with heartbeats (its handler loops), a
deadlock and a hung socket too: no state ever changes, and only the clock can tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from statistics import quantiles

from dagnosis.incidents.contract import Occurrence
from dagnosis.logs.dating import last_time
from dagnosis.logs.reading import LogText
from dagnosis.logs.redaction import redact
from dagnosis.model import TaskRef
from dagnosis.sources.contract import Attempt, Run

ENOUGH = 8
"""Green runs of a DAG without which nothing is said about its duration."""
SLACK = 1.5
"""A run is late beyond so many times the longest usual duration (the 95th percentile)."""
LEAST = timedelta(minutes=5)
"""And at least so long beyond it: short runs vary by more than their own length."""
SILENT = timedelta(minutes=30)
"""A log that has not grown for so long, and for longer than the try's usual duration, is silent."""


def usual(runs: Iterable[Run]) -> timedelta | None:
    """The 95th percentile of the durations of green runs; None below `ENOUGH` of them."""
    seconds = [
        (run.ended - run.started).total_seconds()
        for run in runs
        if run.state == "success" and run.started and run.ended
    ]
    if len(seconds) < ENOUGH:
        return None
    return timedelta(seconds=quantiles(seconds, n=20, method="inclusive")[-1])


def late(run: Run, past: Sequence[Run], now: datetime) -> Occurrence | None:
    """Is a run that still runs late? None where it is not, or its DAG has too little history."""
    expected = usual(past)
    if expected is None or run.started is None or run.state != "running":
        return None
    taken = now - run.started
    if taken < max(expected * SLACK, expected + LEAST):
        return None
    text = f"{_spell(taken)} so far; 95 of 100 green runs took at most {_spell(expected)}"
    return Occurrence(
        task=TaskRef(run.dag_id, run.run_id, "", -1, 0), kind="late", occurred=now, found_by="poll",
        fingerprint=_name("late", run.dag_id), cause="timeout", detail="timeout.run_is_late",
        title="The run takes longer than its runs do", confidence=0.9, transience="unknown",
        message=text, quote="", duration=taken.total_seconds(), final=False,
        dag_version=run.dag_version,
        fix=(
            "Look which task of the run takes longer than before, or waits in queued or scheduled.",
            "Look at what it reads: more data, a lock, a slow service; and at free slots of its pool.",
        ),
    )  # fmt: skip


def silent(
    attempt: Attempt, log: LogText | None, now: datetime, expected: timedelta | None = None
) -> Occurrence | None:
    """Has a running try said nothing for long, and for longer than `expected`, the usual duration of a
    whole run? Without a history, for four times as long. None where it is not so, and where nothing is
    known of its log: many a long query says nothing while all is well."""
    said = last_time(log.lines) if log else None
    patience = SILENT * 4 if expected is None else max(SILENT, expected)
    if said is None or attempt.state != "running":
        return None
    if now - max(said, attempt.started or said) < patience:
        return None
    assert log is not None
    line = next(text for text in reversed(log.lines) if text.strip())
    return Occurrence(
        task=attempt.task, kind="silent", occurred=now, found_by="poll",
        fingerprint=_name("silent", attempt.task.dag_id, attempt.task.task_id),
        cause="worker_lost", detail="worker_lost.running_and_silent",
        title="The task runs and has gone silent", confidence=0.6, transience="unknown",
        message=f"nothing logged for {_spell(now - said)} while Airflow says running",
        quote=redact(line)[:500], quote_line=log.lines_total, final=False,
        operator=attempt.operator, hostname=attempt.hostname, lines_total=log.lines_total,
        fix=(
            "Look what the process does: py-spy dump --pid PID on its worker, or its CPU use.",
            ("At full CPU without progress it may loop in a crashed native library; without any CPU it "
            "waits: for a lock, a socket without a timeout, or input."),
            "Set execution_timeout on the task, so that Airflow ends it by itself.",
        ),
    )  # fmt: skip


def _name(*parts: str) -> str:
    return blake2b("\0".join(parts).encode(), digest_size=8).hexdigest()


def _spell(span: timedelta) -> str:
    minutes = round(span.total_seconds() / 60)
    if minutes < 1:
        return f"{span.total_seconds():.0f} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
