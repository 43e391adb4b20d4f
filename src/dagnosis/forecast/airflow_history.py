"""The run table from Airflow's metadata database, by SQL that only reads.

Airflow 2.10 and later, SQLite and PostgreSQL. What its rows mean, and what they hide:

- `task_instance` holds the last try alone; the ones before it are in `task_instance_history`. Each try
  is a row here, with the state that it ended in: a try that was retried has failed.
- A task that is cleared keeps its earlier tries in the history and goes on counting, so nothing is
  lost; a *run* that is cleared forgets how it ended, which is why runs are made of their tries.
- `upstream_failed`, `skipped` (which dagrun_timeout leaves behind, too) and `removed` are no labels.
- A task that never started has no `start_date`; one that was killed may have no `end_date`: then it
  ended when its row was last touched.
- Tries of a mapped task are tries of one task.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from dagnosis.errors import ServiceUnreachable, UnreadableInput, WrongUse
from dagnosis.forecast.attempts import is_touch
from dagnosis.forecast.facts import Fact
from dagnosis.forecast.history import AIRFLOW_STATES

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

_OPTIONAL = ("queued_dttm", "scheduled_dttm", "operator", "pool", "queue", "dag_version_id")


def read_attempts(url: str, since: datetime | None = None) -> Iterator[dict[str, Any]]:
    """Rows of the run table, one a try, in no order; those that changed since `since` (all if None).

    Times are aware, UTC. Raises `WrongUse` for a URL that is none, `ServiceUnreachable` for a database
    that does not answer, `UnreadableInput` for one that is not Airflow's.
    """
    from sqlalchemy.exc import SQLAlchemyError

    try:
        with _engine(url).connect() as connection:
            yield from _attempts(connection, since)
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", error)).splitlines()[0]
        raise ServiceUnreachable(f"the metadata database does not answer: {reason}") from None


def read_facts(url: str, since: datetime | None = None) -> Iterator[Fact]:
    """What the database knows beside the runs, in no order, since `since` (all if None): new versions
    of DAGs, what people did by hand, assets that were updated, and failures of the tasks that make
    what a DAG reads. Tables that this Airflow lacks give nothing. Raises as `read_attempts` does.
    """
    from sqlalchemy.exc import SQLAlchemyError

    try:
        with _engine(url).connect() as connection:
            yield from _facts(connection, since)
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", error)).splitlines()[0]
        raise ServiceUnreachable(f"the metadata database does not answer: {reason}") from None


def _facts(connection: Connection, since: datetime | None) -> Iterator[Fact]:
    from sqlalchemy import inspect, text

    tables = set(inspect(connection).get_table_names())
    for kind, needed, query, moment in _FACTS:
        if not needed <= tables:
            continue
        bound = f" AND {moment} >= :since" if since else ""
        rows = connection.execution_options(yield_per=5000).execute(
            text(query + bound), _since(connection, since)
        )
        for dag_id, when, event in rows:
            time = _time(when)
            if dag_id and time is not None and (kind != "touch" or is_touch(event or "")):
                yield Fact(kind, dag_id, "", time.timestamp())


def _of_assets(word: str) -> tuple[tuple[str, set[str], str, str], ...]:
    """Assets were called datasets before Airflow 3."""
    reads, makes = f"dag_schedule_{word}_reference", f"task_outlet_{word}_reference"
    written = (
        f"SELECT r.dag_id, e.timestamp, NULL FROM {word}_event e "
        f"JOIN {reads} r ON r.{word}_id = e.{word}_id WHERE e.timestamp IS NOT NULL"
    )
    failed = (
        "SELECT r.dag_id, t.end_date, NULL FROM {tries} t "
        f"JOIN {makes} o ON o.dag_id = t.dag_id AND o.task_id = t.task_id "
        f"JOIN {reads} r ON r.{word}_id = o.{word}_id AND r.dag_id <> t.dag_id "
        "WHERE t.state = 'failed' AND t.end_date IS NOT NULL"
    )
    return (
        ("asset", {reads, f"{word}_event"}, written, "e.timestamp"),
        *(
            ("upstream", {reads, makes, tries}, failed.format(tries=tries), "t.end_date")
            for tries in ("task_instance", "task_instance_history")
        ),
    )


_FACTS: tuple[tuple[str, set[str], str, str], ...] = (
    (
        "change",
        {"dag_version"},
        "SELECT v.dag_id, v.created_at, NULL FROM dag_version v WHERE v.created_at IS NOT NULL",
        "v.created_at",
    ),
    (
        "touch",
        {"log"},
        "SELECT l.dag_id, l.dttm, l.event FROM log l WHERE l.dag_id IS NOT NULL",
        "l.dttm",
    ),
    *_of_assets("asset"),
    *_of_assets("dataset"),
)
"""Kind, tables needed, query of DAG, time and event, and the column of the time."""


def _engine(url: str) -> Engine:
    from sqlalchemy import NullPool, create_engine, make_url
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError

    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            # a file that is only read, and not made where there is none
            url = f"sqlite:///file:{parsed.database}?mode=ro&uri=true"
            return create_engine(url, poolclass=NullPool)
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() == "postgresql":
            options = "-c default_transaction_read_only=on"
            return create_engine(parsed, poolclass=NullPool, connect_args={"options": options})
    except (ArgumentError, NoSuchModuleError):
        raise WrongUse(
            "the URL of the metadata database is none of sqlite:// and postgresql://"
        ) from None
    except ImportError:
        raise WrongUse("PostgreSQL needs: pip install 'dagnosis[postgres]'") from None
    raise WrongUse(f"{parsed.get_backend_name()}: only SQLite and PostgreSQL are read")


def _attempts(connection: Connection, since: datetime | None) -> Iterator[dict[str, Any]]:
    from sqlalchemy import inspect, text

    found = inspect(connection)
    tables = set(found.get_table_names())
    if not {"task_instance", "dag_run", "dag"} <= tables:
        raise UnreadableInput(
            "the database holds no Airflow: task_instance, dag_run or dag is missing"
        )
    for table in ("task_instance", "task_instance_history"):
        if table not in tables:
            continue
        columns = {column["name"] for column in found.get_columns(table)}
        query = _query(table, columns, since is not None)
        rows = connection.execution_options(yield_per=5000).execute(
            text(query), _since(connection, since)
        )
        for row in rows.mappings():
            yield _row(dict(row))


def _since(connection: Connection, since: datetime | None) -> dict[str, Any]:
    """SQLite has times as text, UTC; PostgreSQL would read a time without zone as the session's."""
    if since is None:
        return {}
    if connection.dialect.name == "sqlite":
        moment = since.astimezone(timezone.utc)
        return {"since": moment.replace(tzinfo=None).isoformat(" ", "microseconds")}
    return {"since": since}


def _query(table: str, columns: set[str], bounded: bool) -> str:
    optional = ", ".join(
        f"t.{name}" if name in columns else f"NULL AS {name}" for name in _OPTIONAL
    )
    touched = "t.updated_at" if "updated_at" in columns else "t.end_date"
    # the names are ours, not the caller's
    return (
        "SELECT t.dag_id, t.task_id, t.run_id, t.map_index, t.try_number, t.state, t.start_date, "
        f"t.end_date, t.priority_weight, {touched} AS touched, {optional}, d.owners, "
        f"r.queued_at, r.run_type FROM {table} t "
        "JOIN dag_run r ON r.dag_id = t.dag_id AND r.run_id = t.run_id "
        "LEFT JOIN dag d ON d.dag_id = t.dag_id"
        + (f" WHERE {touched} >= :since OR t.end_date IS NULL" if bounded else "")
    )


def _row(row: dict[str, Any]) -> dict[str, Any]:
    state = AIRFLOW_STATES.get(str(row["state"] or "none").lower(), "unknown")
    start, end = _time(row["start_date"]), _time(row["end_date"])
    if end is None and state not in ("unfinished", "unknown"):
        end = _time(row["touched"])
    asked = next(
        (
            time
            for name in ("queued_dttm", "scheduled_dttm", "start_date", "queued_at", "end_date")
            if (time := _time(row[name])) is not None
        ),
        None,
    )
    name = f"{row['dag_id']}/{row['run_id']}/{row['task_id']}"
    return {
        "run_uid": f"{name}/{row['map_index']}/{row['try_number']}",
        "dag_id": row["dag_id"],
        "task_id": row["task_id"],
        "run_id": row["run_id"],
        "submit_time": asked,
        "start_time": start,
        "end_time": end,
        "state": state,
        "queue": row["pool"] or row["queue"],
        "operator": row["operator"],
        "owner": row["owners"],
        "version": str(row["dag_version_id"]) if row["dag_version_id"] else None,
        "priority": row["priority_weight"],
    }


def _time(value: Any) -> datetime | None:
    """SQLite gives text, PostgreSQL aware times."""
    if value is None:
        return None
    time = datetime.fromisoformat(value) if isinstance(value, str) else value
    return time.replace(tzinfo=timezone.utc) if time.tzinfo is None else time
