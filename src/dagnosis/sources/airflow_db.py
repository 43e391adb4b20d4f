"""Runs from Airflow's metadata database, by SQL that only reads: Airflow 2.10, 2.11 and 3.

`task_instance` has no index on the time of its changes, and is the largest table. A poll therefore asks
first which *runs* may have changed, by indices: those that are queued or running, those that were so
at a poll before, and those that the event log names since. Then it reads the task instances of these
runs. The first poll of a process, which remembers nothing, reads `dag_run` through once; a span of
more than an hour is read from the tables in order, for then most of what is read is wanted.
docs/decisions.md has the measurements.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from dagnosis.model import TaskRef
from dagnosis.sources.contract import (
    SETTLED,
    AssetEvent,
    Attempt,
    BrokenDag,
    DagVersion,
    Event,
    Run,
    by_try,
    is_id,
)
from dagnosis.sources.metadata import Metadata, Utc, aware_utc

if TYPE_CHECKING:
    from dagnosis.settings import Settings

Pair = tuple[str, str]
"""dag_id and run_id."""

BACKLOG = timedelta(hours=1)
"""A longer span than this is read in the order of time, without an index."""
MARGIN = timedelta(minutes=5)
"""The event log is read from so long before the poll's beginning: its rows may be committed late."""
ACTIVE_RUNS = ("running", "queued")
ACTIVE = ("running", "restarting", "queued", "scheduled", "deferred", "up_for_reschedule")
_BATCH = 200
"""Runs whose task instances one statement reads."""
_PAGE = 1000

_TIMES = frozenset(
    "scheduled_dttm queued_dttm start_date end_date last_heartbeat_at updated_at logical_date"
    " execution_date run_after queued_at dttm timestamp created_at data_interval_end".split()
)
_TRY = (
    "dag_id run_id task_id map_index try_number state operator hostname pool queue executor"
    " priority_weight max_tries scheduled_dttm queued_dttm start_date end_date last_heartbeat_at"
    " updated_at dag_version_id"
).split()
_RUN = (
    "id dag_id run_id state run_type triggered_by logical_date run_after queued_at start_date end_date"
    " updated_at created_dag_version_id bundle_version clear_number"
).split()


class DatabaseHistory:
    """`RunHistory` of the metadata database at `url`.

    The name of the file or server and of the database is `name`. All methods raise
    `ServiceUnreachable` for a database that fails, `WrongUse` for one that refuses us, and
    `UnreadableInput` for one that is not Airflow's.
    """

    def __init__(self, url: str, seconds: float = 60.0) -> None:
        """`seconds` is how long one statement may take. Raises `WrongUse` for a URL that is none."""
        self._database = Metadata(url, seconds)
        self._remembered: set[Pair] = set()
        self._since: datetime | None = None

    @property
    def name(self) -> str:
        """The database, without user and password."""
        return self._database.name

    def now(self) -> datetime:
        """The database's time."""
        return self._database.now()

    def close(self) -> None:
        """Give back connections."""
        self._database.close()

    # ------------------------------------------------------------ tries

    def attempts(self, since: datetime, until: datetime | None = None) -> Iterator[Attempt]:
        """The last try of each task instance that changed, the oldest change first."""
        begin = aware_utc(since)
        pairs = self._touched(begin)
        statement, t = self._select_tries("task_instance")
        statement = statement.where(*_between(t.c.updated_at, begin, until))
        if pairs is None:
            yield from map(_attempt, self._database.stream(statement.order_by(t.c.updated_at)))
            return
        found = [
            _attempt(row)
            for batch in _batches(sorted(pairs), _BATCH)
            for row in self._database.rows(statement.where(_of_runs(t, batch)))
        ]
        yield from sorted(found, key=lambda row: row.updated or begin)

    def tries(self, task: TaskRef) -> list[Attempt]:
        """Every try, the first one first; [] for a task instance that is not known."""
        if not all(map(is_id, (task.dag_id, task.run_id, task.task_id))):
            return []
        found: list[Attempt] = []
        for table in ("task_instance_history", "task_instance"):
            if not self._database.columns(table):
                continue
            statement, t = self._select_tries(table)
            here = sa.and_(
                t.c.dag_id == task.dag_id,
                t.c.task_id == task.task_id,
                t.c.run_id == task.run_id,
                t.c.map_index == task.map_index,
            )
            found += map(_attempt, self._database.rows(statement.where(here)))
        return by_try(found)

    def of_run(self, dag_id: str, run_id: str) -> list[Attempt]:
        """The last try of every task instance of a run."""
        if not (is_id(dag_id) and is_id(run_id)):
            return []
        statement, t = self._select_tries("task_instance")
        here = sa.and_(t.c.dag_id == dag_id, t.c.run_id == run_id)
        return list(map(_attempt, self._database.rows(statement.where(here))))

    def running(self) -> list[Attempt]:
        """Tries that run, or wait to run."""
        statement, t = self._select_tries("task_instance")
        return list(map(_attempt, self._database.rows(statement.where(t.c.state.in_(ACTIVE)))))

    def _select_tries(self, table: str) -> tuple[sa.Select[Any], sa.TableClause]:
        t, dag = self._table(table), self._table("dag")
        columns = [*self._given(t, _TRY), dag.c.owners]
        source = t.outerjoin(dag, dag.c.dag_id == t.c.dag_id)
        if "dag_version_id" in self._database.columns(table):
            version = self._table("dag_version")
            source = source.outerjoin(version, version.c.id == t.c.dag_version_id)
            columns += [version.c.version_number, version.c.bundle_version]
        else:
            columns += [_null("version_number"), _null("bundle_version")]
        return sa.select(*columns).select_from(source), t

    # ------------------------------------------------------------ runs

    def runs(self, since: datetime, until: datetime | None = None) -> Iterator[Run]:
        """Runs that changed, the oldest change first."""
        begin = aware_utc(since)
        pairs = self._touched(begin)
        statement, r = self._select_runs()
        statement = statement.where(*_between(r.c.updated_at, begin, until))
        if pairs is None:
            yield from map(_run, self._database.stream(statement.order_by(r.c.updated_at)))
            return
        found = [
            _run(row)
            for batch in _batches(sorted(pairs), _BATCH)
            for row in self._database.rows(statement.where(_of_runs(r, batch)))
        ]
        yield from sorted(found, key=lambda row: row.updated or begin)

    def of_dag(self, dag_id: str, limit: int = 50) -> list[Run]:
        """The newest runs, the newest first."""
        if not is_id(dag_id):
            return []
        statement, r = self._select_runs()
        newest = (
            r.c.run_after
            if "run_after" in self._database.columns("dag_run")
            else r.c.execution_date
        )
        chosen = statement.where(r.c.dag_id == dag_id).order_by(newest.desc()).limit(max(limit, 0))
        return list(map(_run, self._database.rows(chosen)))

    def _select_runs(self) -> tuple[sa.Select[Any], sa.TableClause]:
        r = self._table("dag_run")
        known = self._database.columns("dag_run")
        columns = self._given(r, _RUN)
        if "logical_date" not in known:  # Airflow 2
            columns += [r.c.execution_date, r.c.data_interval_end]
        else:
            columns += [_null("execution_date"), _null("data_interval_end")]
        if "created_dag_version_id" not in known:
            return sa.select(*columns, _null("version_number"), _null("version_bundle")), r
        version = self._table("dag_version")
        source = r.outerjoin(version, version.c.id == r.c.created_dag_version_id)
        columns += [version.c.version_number, version.c.bundle_version.label("version_bundle")]
        return sa.select(*columns).select_from(source), r

    def _touched(self, since: datetime) -> set[Pair] | None:
        """Runs that may have changed since then; None where that is not to be asked for."""
        if self.now() - since > BACKLOG:
            return None
        r, log = self._table("dag_run"), self._table("log")
        active: set[Pair] = set()
        for state in ACTIVE_RUNS:
            # The state as a constant: partial indices of PostgreSQL and SQLite want to see it.
            here = r.c.state == sa.literal_column(f"'{state}'")
            active |= self._pairs(sa.select(r.c.dag_id, r.c.run_id).where(here))
        named = sa.select(log.c.dag_id, log.c.run_id).where(
            log.c.dttm >= since - MARGIN, log.c.run_id.is_not(None), log.c.dag_id.is_not(None)
        )
        touched = active | self._pairs(named.distinct()) | self._remembered
        if self._since is None or since < self._since:
            changed = sa.select(r.c.dag_id, r.c.run_id).where(r.c.updated_at >= since)
            touched |= self._pairs(changed)
        # A run that ends is in none of the indices; who has seen it active remembers it.
        self._remembered = active | self._changed(r, touched - active, since - MARGIN)
        self._since = since - MARGIN
        return touched

    def _changed(self, r: sa.TableClause, pairs: set[Pair], since: datetime) -> set[Pair]:
        """Those of the runs that changed since then."""
        found: set[Pair] = set()
        for batch in _batches(sorted(pairs), _BATCH):
            here = sa.and_(_of_runs(r, batch), r.c.updated_at >= since)
            found |= self._pairs(sa.select(r.c.dag_id, r.c.run_id).where(here))
        return found

    def _pairs(self, statement: sa.Select[Any]) -> set[Pair]:
        return {(row[0], row[1]) for row in self._database.rows(statement)}

    # ------------------------------------------------------------ what else happened

    def events(self, after: int = 0, since: datetime | None = None) -> Iterator[Event]:
        """Rows of the event log by id; those of the last five seconds come with the next call."""
        log = self._table("log")
        names = "id dttm event dag_id run_id task_id map_index try_number owner extra".split()
        now = self.now()
        following = max(after, self._first_event(log, since) - 1 if since else 0)
        while True:
            statement = sa.select(*self._given(log, names)).where(
                log.c.id > following, log.c.dttm.is_not(None)
            )
            rows = self._database.rows(statement.order_by(log.c.id).limit(_PAGE))
            for row in rows:
                if now - SETTLED <= row.dttm <= now + MARGIN:
                    return
                following = row.id
                if since is None or row.dttm >= aware_utc(since):
                    yield _event(row)
            if len(rows) < _PAGE:
                return

    def _first_event(self, log: sa.TableClause, since: datetime) -> int:
        """An id at or before the first event since then, found by the index on times."""
        earliest = (
            sa.select(log.c.id)
            .where(log.c.dttm >= aware_utc(since))
            .order_by(log.c.dttm)
            .limit(_PAGE)
        )
        ids = [row.id for row in self._database.rows(earliest)]
        return min(ids) if ids else 1 << 62

    def broken_dags(self) -> list[BrokenDag]:
        """DAG files that cannot be imported now."""
        e = self._table("import_error")
        columns = self._given(e, ["id", "timestamp", "filename", "stacktrace", "bundle_name"])
        return [
            BrokenDag(
                file=row.filename or "",
                stack_trace=row.stacktrace or "",
                when=row.timestamp,
                bundle=row.bundle_name or "",
            )
            for row in self._database.rows(sa.select(*columns).order_by(e.c.id))
            if row.timestamp is not None
        ]

    def asset_events(self, since: datetime) -> Iterator[AssetEvent]:
        """Asset events (of datasets in Airflow 2), the oldest first."""
        kind = "asset" if self._database.columns("asset_event") else "dataset"
        if not self._database.columns(f"{kind}_event"):
            return
        begin = aware_utc(since)
        found: list[Any] = []
        below = 1 << 62
        while True:  # backwards by id: there is no index on times
            rows = self._database.rows(self._select_asset_events(kind, below))
            found += [row for row in rows if row.timestamp >= begin]
            if len(rows) < _PAGE or all(row.timestamp < begin - MARGIN for row in rows):
                break
            below = rows[-1].id
        for row in sorted(found, key=lambda row: (row.timestamp, row.id)):
            yield _asset_event(row)

    def _select_asset_events(self, kind: str, below: int) -> sa.Select[Any]:
        e, asset = self._table(f"{kind}_event"), self._table(kind)
        names = (
            "id timestamp extra source_dag_id source_run_id source_task_id source_map_index".split()
        )
        return (
            sa.select(*self._given(e, names), asset.c.uri)
            .select_from(e.outerjoin(asset, asset.c.id == e.c[f"{kind}_id"]))
            .where(e.c.id < below)
            .order_by(e.c.id.desc())
            .limit(_PAGE)
        )

    def versions(self, dag_id: str, limit: int = 20) -> list[DagVersion]:
        """Versions of a DAG, the newest first; [] in Airflow 2, which keeps the present code alone."""
        if not self._database.columns("dag_version") or not is_id(dag_id):
            return []
        v, code = self._table("dag_version"), self._table("dag_code")
        statement = (
            sa.select(v.c.version_number, v.c.created_at, v.c.bundle_version, code.c.source_code)
            .select_from(v.outerjoin(code, code.c.dag_version_id == v.c.id))
            .where(v.c.dag_id == dag_id)
            .order_by(v.c.version_number.desc())
            .limit(max(limit, 0))
        )
        return [
            DagVersion(
                dag_id=dag_id,
                version=str(row.version_number),
                created=row.created_at,
                bundle_version=row.bundle_version or "",
                source=row.source_code or "",
            )
            for row in self._database.rows(statement)
        ]

    # ------------------------------------------------------------ tables of any version

    def _table(self, name: str) -> sa.TableClause:
        return sa.table(name, *map(_column, sorted(self._database.columns(name))))

    def _given(self, table: sa.TableClause, names: Iterable[str]) -> list[Any]:
        """The columns of those names; NULL for what this version of Airflow does not have."""
        return [table.c[name] if name in table.c else _null(name) for name in names]


def _column(name: str) -> Any:
    return sa.column(name, Utc()) if name in _TIMES else sa.column(name)


def _null(name: str) -> Any:
    return sa.null().label(name)


def _between(column: Any, since: datetime, until: datetime | None) -> list[Any]:
    return [column >= since, *([] if until is None else [column < aware_utc(until)])]


def _of_runs(table: sa.TableClause, pairs: Iterable[Pair]) -> Any:
    by_dag: dict[str, list[str]] = {}
    for dag_id, run_id in pairs:
        by_dag.setdefault(dag_id, []).append(run_id)
    return sa.or_(
        *(sa.and_(table.c.dag_id == dag, table.c.run_id.in_(runs)) for dag, runs in by_dag.items())
    )


def _batches(pairs: list[Pair], size: int) -> Iterator[list[Pair]]:
    rest = iter(pairs)
    while batch := list(islice(rest, size)):
        yield batch


def _attempt(row: Any) -> Attempt:
    return Attempt(
        task=TaskRef(row.dag_id, row.run_id, row.task_id, row.map_index, row.try_number),
        state=row.state or "",
        operator=row.operator or "",
        hostname=row.hostname or "",
        pool=row.pool or "",
        queue=row.queue or "",
        executor=row.executor or "",
        owner=row.owners or "",
        priority=row.priority_weight,
        max_tries=row.max_tries,
        scheduled=row.scheduled_dttm,
        queued=row.queued_dttm,
        started=row.start_date,
        ended=row.end_date,
        heartbeat=row.last_heartbeat_at,
        updated=row.updated_at,
        dag_version=str(row.version_number or ""),
        bundle_version=row.bundle_version or "",
    )


def _run(row: Any) -> Run:
    return Run(
        dag_id=row.dag_id,
        run_id=row.run_id,
        state=row.state or "",
        run_type=row.run_type or "",
        triggered_by=str(row.triggered_by or "").lower(),
        logical_date=row.logical_date or row.execution_date,
        run_after=row.run_after or row.data_interval_end,
        queued=row.queued_at,
        started=row.start_date,
        ended=row.end_date,
        updated=row.updated_at,
        dag_version=str(row.version_number or ""),
        bundle_version=row.bundle_version or row.version_bundle or "",
        clear_number=row.clear_number,
    )


def _event(row: Any) -> Event:
    return Event(
        id=row.id,
        when=row.dttm,
        event=row.event,
        dag_id=row.dag_id or "",
        run_id=row.run_id or "",
        task_id=row.task_id or "",
        map_index=-1 if row.map_index is None else row.map_index,
        try_number=row.try_number,
        owner=row.owner or "",
        extra=row.extra or "",
    )


def _asset_event(row: Any) -> AssetEvent:
    import msgspec

    source = None
    if row.source_dag_id and row.source_run_id and row.source_task_id:
        index = -1 if row.source_map_index is None else row.source_map_index
        source = TaskRef(row.source_dag_id, row.source_run_id, row.source_task_id, index, 0)
    extra = (
        row.extra if isinstance(row.extra, str) else msgspec.json.encode(row.extra or {}).decode()
    )
    return AssetEvent(id=row.id, uri=row.uri or "", when=row.timestamp, extra=extra, source=source)


def open_history(settings: Settings) -> DatabaseHistory:
    """The metadata database that the settings name."""
    return DatabaseHistory(settings.airflow_database)
