"""What Airflow shows beside a task instance, a run and a DAG."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import msgspec

from dagnosis.incidents.contract import Incident, Occurrence, Query
from dagnosis.model import RetryAdvice, TaskRef
from dagnosis.pages import words
from dagnosis.pages.charts import Columns, columns
from dagnosis.pages.evidence import Line, lines
from dagnosis.pages.incident import Said, known_causes, said, similar
from dagnosis.pages.links import Links
from dagnosis.pages.risk import of_dag
from dagnosis.pages.stores import Stores
from dagnosis.services.outlook import Ahead

DAYS, SHOWN = 30, 6


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One task instance: its failed tries, and the diagnosis of the one that is looked at.

    `occurrence` is None where that try is not known to have failed.
    """

    now: datetime
    task: TaskRef
    tries: tuple[TaskRef, ...]
    occurrence: Occurrence | None
    incident: Incident | None
    lines: tuple[Line, ...]
    retry: RetryAdvice | None
    similar: tuple[Incident, ...]
    said: tuple[Said, ...]
    causes: tuple[str, ...]
    risk: Ahead | None


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One run: what failed in it, the first one first, what could not run because of it, and the
    risks of its tasks that are still to come."""

    now: datetime
    dag_id: str
    run_id: str
    failed: tuple[Occurrence, ...]
    incidents: dict[str, int]
    blast: tuple[str, ...]
    risks: tuple[Ahead, ...]


class Dag(msgspec.Struct, frozen=True, kw_only=True):
    """One DAG over the last days; `flaky` are incidents that come and go."""

    now: datetime
    dag_id: str
    trend: Columns
    open: tuple[Incident, ...]
    open_total: int
    flaky: tuple[Incident, ...]
    risks: tuple[Ahead, ...]
    days: int = DAYS


def task(
    stores: Stores,
    asked: TaskRef,
    links: Links,
    *,
    readable: frozenset[str] | None = None,
    now: datetime | None = None,
) -> Task | None:
    """A task instance at a try; a `try_number` of 0 asks for the last one that failed. None where the
    DAG may not be read."""
    if not _may(asked.dag_id, readable):
        return None
    failed = {
        one.task.try_number: one
        for one in stores.incidents.of_run(asked.dag_id, asked.run_id)
        if one.task.task_id == asked.task_id and one.task.map_index == asked.map_index
    }
    number = asked.try_number or max(failed, default=1)
    ref = TaskRef(asked.dag_id, asked.run_id, asked.task_id, asked.map_index, number)
    occurrence = failed.get(number) or stores.incidents.occurrence(ref)
    incident = stores.incidents.of_task(ref, "failure", readable) if occurrence else None
    ahead = [one for one in of_dag(stores, ref.dag_id) if one.task_id == ref.task_id]
    return Task(
        now=now or datetime.now(timezone.utc),
        task=ref,
        tries=tuple(failed[n].task for n in sorted(failed)),
        occurrence=occurrence,
        incident=incident,
        lines=lines(stores, occurrence, links) if occurrence else (),
        retry=words.retry(occurrence.detail, occurrence.transience) if occurrence else None,
        similar=similar(stores, incident, readable=readable) if incident else (),
        said=said(stores, occurrence.fingerprint, readable=readable) if occurrence else (),
        causes=known_causes(),
        risk=ahead[0] if ahead else None,
    )


def run(
    stores: Stores,
    dag_id: str,
    run_id: str,
    *,
    readable: frozenset[str] | None = None,
    now: datetime | None = None,
) -> Run | None:
    """A run; None where its DAG may not be read."""
    if not _may(dag_id, readable):
        return None
    failed = stores.incidents.of_run(dag_id, run_id)
    found: dict[str, int] = {}
    for one in failed:
        incident = stores.incidents.of_task(one.task, one.kind, readable)
        if incident:
            found[one.fingerprint] = incident.id
    return Run(
        now=now or datetime.now(timezone.utc),
        dag_id=dag_id,
        run_id=run_id,
        failed=tuple(failed),
        incidents=found,
        blast=tuple(dict.fromkeys(name for one in failed for name in one.blast)),
        risks=of_dag(stores, dag_id)[:SHOWN],
    )


def dag(
    stores: Stores,
    dag_id: str,
    *,
    readable: frozenset[str] | None = None,
    now: datetime | None = None,
) -> Dag | None:
    """A DAG; None where it may not be read."""
    if not _may(dag_id, readable):
        return None
    now = now or datetime.now(timezone.utc)
    only = frozenset((dag_id,))
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    since = midnight - timedelta(days=DAYS - 1)
    counts = stores.counts(since, midnight + timedelta(days=1), only)
    asked = Query(dag_id=dag_id, readable=only, members=True, limit=50)
    recent = stores.incidents.find(msgspec.structs.replace(asked, since=since))
    broken = stores.incidents.find(
        msgspec.structs.replace(asked, states=("open", "acknowledged"), limit=SHOWN)
    )
    return Dag(
        now=now,
        dag_id=dag_id,
        trend=columns(counts, since, DAYS, 86_400),
        open=broken.incidents,
        open_total=broken.total,
        flaky=tuple(one for one in recent.incidents if one.novelty == "flaky")[:SHOWN],
        risks=of_dag(stores, dag_id)[:SHOWN],
    )


def _may(dag_id: str, readable: frozenset[str] | None) -> bool:
    return readable is None or dag_id in readable
