"""Runs and logs through the REST API v1 of Airflow 2.10 and 2.11.

It can neither sort task instances nor page through them by key. So a span of time in which more
changed than a page holds is halved until it does: each page is whole, and spans come in order.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from itertools import takewhile
from typing import Any

from dagnosis.sources.airflow_rest import (
    ACTIVE,
    PAGE,
    RestHistory,
    RestLogs,
    Row,
    asset_event,
    attempt,
    attempt_key,
    parsed,
    run,
    stated,
)
from dagnosis.sources.contract import AssetEvent, Attempt, DagVersion, Run

PREFIX = "/api/v1"
_INSTANCES = "/dags/~/dagRuns/~/taskInstances"
_NARROW = timedelta(milliseconds=2)
"""A span that is not halved any more: what changed in it was changed by one statement."""


class ApiV1History(RestHistory):
    """`RunHistory` of Airflow 2.10 and 2.11 by REST. It has no versions of DAGs."""

    prefix = PREFIX
    runs_newest_first = "-execution_date"

    def attempts(self, since: datetime, until: datetime | None = None) -> Iterator[Attempt]:
        """Task instances that changed, by the span in which they did."""
        seen: dict[Any, None] = {}
        for row in self._converted(self._changed(_utc(since), until and _utc(until)), attempt):
            if (row.task, row.state) not in seen:
                seen[row.task, row.state] = None
                yield row

    def of_run(self, dag_id: str, run_id: str) -> list[Attempt]:
        """The last try of every task instance of a run."""
        path = self._run_path(dag_id, run_id)
        return [] if path is None else self._all(path, {})

    def runs(self, since: datetime, until: datetime | None = None) -> Iterator[Run]:
        """Runs that changed, in the order in which they were made."""
        params: dict[str, Any] = {"order_by": "id", "updated_at_gte": stated(since)}
        if until is not None:
            params["updated_at_lte"] = stated(until - timedelta(microseconds=1))
        rows = self._by_offset("/dags/~/dagRuns", "dag_runs", params, _run_key)
        yield from self._converted(rows, run)

    def running(self) -> list[Attempt]:
        """Tries that run, or wait to run."""
        return self._all(self.prefix + _INSTANCES, {"state": list(ACTIVE)})

    def asset_events(self, since: datetime) -> Iterator[AssetEvent]:
        """Events of datasets, as assets were called, the oldest first."""
        params = {"order_by": "-timestamp"}
        rows = self._by_offset("/datasets/events", "dataset_events", params, lambda row: row["id"])
        begin = _utc(since)
        newer = takewhile(lambda row: parsed(row["timestamp"]) >= begin, rows)
        found = list(self._converted(newer, lambda row: asset_event(row, "dataset_uri")))
        yield from reversed(found)

    def versions(self, dag_id: str, limit: int = 20) -> list[DagVersion]:
        """None: Airflow 2 keeps the present code alone."""
        return []

    def _changed(self, since: datetime, until: datetime | None) -> Iterator[Row]:
        bounds: dict[str, Any] = {"updated_at_gte": stated(since)}
        if until is not None:
            bounds["updated_at_lte"] = stated(until - timedelta(microseconds=1))
        page = self._rest.get(self.prefix + _INSTANCES, {"limit": PAGE, **bounds})
        rows, total = self._rows(page, "task_instances"), page.get("total_entries", 0)
        if total <= len(rows):
            yield from rows
        elif until is None:
            now = max(self.now(), since)
            yield from self._changed(since, now)
            yield from self._changed(now, None) if now > since else self._unsorted(bounds)
        elif until - since <= _NARROW:
            yield from self._unsorted(bounds)
        else:
            middle = since + (until - since) / 2
            yield from self._changed(since, middle)
            yield from self._changed(middle, until)

    def _all(self, path: str, params: Row) -> list[Attempt]:
        rows = self._unsorted(params, path.removeprefix(self.prefix))
        return list(self._converted(rows, attempt))

    def _unsorted(self, params: Row, path: str = _INSTANCES) -> list[Row]:
        """All rows, though pages have no order: read again until none is missing, at most thrice."""
        found: dict[Any, Row] = {}
        for _ in range(3):
            for row in self._by_offset(path, "task_instances", params, attempt_key):
                found[attempt_key(row)] = row
            page = self._rest.find(self.prefix + path, {"limit": 1, **params})
            if page is None or len(found) >= page.get("total_entries", 0):
                break
        return list(found.values())


class ApiV1Logs(RestLogs):
    """`LogSource` of Airflow 2.10 and 2.11 by REST."""

    prefix = PREFIX
    accept = "text/plain"


def _utc(time: datetime) -> datetime:
    return time.replace(tzinfo=timezone.utc) if time.tzinfo is None else time


def _run_key(row: Row) -> Any:
    return row.get("dag_id"), row.get("dag_run_id")
