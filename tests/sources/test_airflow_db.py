"""The metadata database: what its rows mean in each version, and that reading it is cheap and harmless."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from dagnosis.errors import ServiceUnreachable, UnreadableInput, WrongUse
from dagnosis.model import TaskRef
from dagnosis.sources.airflow_db import DatabaseHistory
from dagnosis.sources.checks import Known, check_run_history
from tests.sources.conftest import new_database, writer
from tests.sources.making import SECRET, Filler, create, fill

ALL = [("sqlite", 3), ("sqlite", 2), ("postgresql", 3), ("postgresql", 2), ("mysql", 3)]
SOME = [("sqlite", 2), ("postgresql", 3), ("mysql", 3)]
Filled = tuple[str, Known, Filler]


def _made(request: pytest.FixtureRequest, folder: Path) -> Iterator[Filled]:
    backend, major = request.param
    url = new_database(request, backend, folder)
    engine = writer(url)
    create(engine, major)
    filler = Filler(engine)
    yield url, fill(filler, datetime.now(timezone.utc)), filler
    engine.dispose()


@pytest.fixture(scope="module", params=ALL, ids=lambda one: f"{one[0]}-airflow{one[1]}")
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Filled]:
    """A small history, to be read."""
    yield from _made(request, tmp_path_factory.mktemp("metadata"))


@pytest.fixture(params=SOME, ids=lambda one: f"{one[0]}-airflow{one[1]}")
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Filled]:
    """A small history that a test may change."""
    yield from _made(request, tmp_path)


def test_it_keeps_the_contract(filled: Filled) -> None:
    url, known, _ = filled
    check_run_history(DatabaseHistory(url), known)


def test_everything_that_airflow_states(filled: Filled) -> None:
    url, _, filler = filled
    history = DatabaseHistory(url)
    row = history.tries(TaskRef("orders", "r1", "load"))[1]
    assert (row.operator, row.owner, row.pool, row.queue, row.priority, row.max_tries) == (
        "BashOperator", "ana", "default_pool", "default", 3, 1,
    )  # fmt: skip
    newest = history.of_dag("orders")[0]
    assert (newest.run_id, newest.clear_number, newest.run_type) == ("r1", 0, "manual")
    if filler.has("dag_version"):
        assert (row.dag_version, row.bundle_version) == ("4", "c0ffee")
        assert (newest.dag_version, newest.bundle_version) == ("4", "c0ffee")
    history.close()


@pytest.mark.parametrize("old", [False, True])
def test_a_poll_finds_what_changed_since_the_last(fresh: Filled, old: bool) -> None:
    url, known, filler = fresh
    history = DatabaseHistory(url)
    now = history.now()
    since = now - timedelta(hours=2) if old else now
    list(history.attempts(known.since))
    # The run ends, by a timeout: no event says so.
    later = now + timedelta(seconds=1)
    with filler.engine.begin() as connection:
        for table, state in (("task_instance", "skipped"), ("dag_run", "failed")):
            changed = sa.table(
                table, sa.column("state"), sa.column("updated_at", sa.DateTime(timezone=True)),
                sa.column("run_id"),
            )  # fmt: skip
            stated = later if url.startswith("postgresql") else later.replace(tzinfo=None)
            connection.execute(
                sa.update(changed)
                .where(changed.c.run_id == "w1")
                .values(state=state, updated_at=stated)
            )
    found = {row.task.task_id: row.state for row in history.attempts(since)}
    assert found.items() >= {"sleeper": "skipped", "again": "skipped"}.items()
    assert ("w1", "failed") in {(row.run_id, row.state) for row in history.runs(since)}
    if not old:
        assert set(found) == {"sleeper", "again"}
        assert {row.run_id for row in history.runs(since)} == {"w1"}
    # ... and a process that has just started finds it as well.
    anew = DatabaseHistory(url)
    assert {row.task for row in anew.attempts(since)} == {
        row.task for row in history.attempts(since)
    }
    anew.close()
    history.close()


def test_a_late_commit_holds_back_the_cursor(fresh: Filled) -> None:
    url, _, filler = fresh
    history = DatabaseHistory(url)
    now = history.now()
    common = {"owner": "airflow", "dag_id": "orders"}
    filler.add("log", id=100, dttm=now - timedelta(seconds=1), event="failed", **common)
    filler.add("log", id=101, dttm=now - timedelta(minutes=1), event="success", **common)
    assert max(event.id for event in history.events()) < 100
    # A worker whose clock is far ahead does not stop the log.
    with filler.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM log WHERE id = 100")
    filler.add("log", id=99, dttm=now + timedelta(days=1), event="failed", **common)
    assert [event.id for event in history.events(after=98)] == [99, 101]
    history.close()


def test_it_cannot_write(filled: Filled) -> None:
    url, _, _ = filled
    history = DatabaseHistory(url)
    refused = pytest.raises((ServiceUnreachable, WrongUse), match=r"(?i)read.?only")
    with refused, history._database.reading() as connection:
        connection.exec_driver_sql("DELETE FROM log")
    history.close()


# ---------------------------------------------------------------- no statement reads a big table through

_BIG = 15_000


@pytest.fixture
def big(fresh: Filled) -> tuple[str, datetime]:
    """Many old runs, tasks and events beside the small history."""
    url, known, filler = fresh
    if url.startswith("mysql"):
        pytest.skip("MariaDB plans differently from MySQL, which is not to be had here")
    filler.add("dag", dag_id="old", owners="bob")
    tables = ("dag_run", "task_instance", "log")
    old = "2026-01-01 00:00:00.000000"
    counted = {
        "sqlite": f"(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {_BIG}) SELECT n FROM s)",
        "postgresql": f"generate_series(1, {_BIG})",
    }[filler.engine.dialect.name]  # fmt: skip
    said = {
        "dag_run": {"id": "n + 1000", "dag_id": "'old'", "run_id": "'r' || n", "state": "'success'"},
        "task_instance": {"dag_id": "'old'", "run_id": "'r' || (n / 4)", "task_id": "'t' || n", "state": "'success'", "map_index": "-1", "try_number": "1"},
        "log": {"id": "n + 1000", "dag_id": "'old'", "run_id": "'r' || (n / 4)", "event": "'success'"},
    }  # fmt: skip
    with filler.engine.begin() as connection:
        for table in tables:
            known_columns = filler._tables.tables[table].columns
            values = {name: value for name, value in said[table].items() if name in known_columns}
            for column in known_columns:
                if column.name in values or (
                    column.nullable and column.name not in ("updated_at", "dttm")
                ):
                    continue
                values[column.name] = _literal(column, old, filler.engine.dialect.name)
            names, given = ", ".join(f'"{name}"' for name in values), ", ".join(values.values())
            connection.exec_driver_sql(
                f"INSERT INTO {table} ({names}) SELECT {given} FROM {counted} AS s(n)"
                if filler.engine.dialect.name == "postgresql"
                else f"INSERT INTO {table} ({names}) SELECT {given} FROM {counted}"
            )
        if filler.engine.dialect.name == "postgresql":  # a SQLite of Airflow's is never analyzed
            connection.exec_driver_sql("ANALYZE")
    return url, known.since


def _literal(column: Any, old: str, dialect: str) -> str:
    if isinstance(column.type, sa.Uuid) or column.name == "id":
        return "gen_random_uuid()" if dialect == "postgresql" else "printf('%032d', n)"
    if column.name in ("run_after", "execution_date", "logical_date"):
        return (
            "timestamptz '2020-01-01' + n * interval '1 hour'"
            if dialect == "postgresql"
            else "datetime('2020-01-01', '+' || n || ' hours')"
        )
    if isinstance(column.type, (sa.TIMESTAMP, sa.DateTime)):
        return f"'{old}'"
    if isinstance(column.type, sa.Boolean):
        return "false"
    return "0" if isinstance(column.type, (sa.Integer, sa.Float)) else "'x'"


def test_no_statement_of_a_poll_reads_a_big_table_through(big: tuple[str, datetime]) -> None:
    url, since = big
    history = DatabaseHistory(url)
    assert list(history.attempts(since))  # the first poll may read dag_run through, once
    said: list[tuple[str, Any]] = []

    @sa.event.listens_for(history._database._engine, "before_cursor_execute")
    def _hear(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        said.append((statement, parameters))

    task = TaskRef("orders", "r1", "load")
    assert list(history.attempts(since))
    assert list(history.runs(since))
    assert list(history.events(after=3))
    assert list(history.events(since=since))
    assert history.tries(task)
    assert history.of_run("orders", "r1")
    assert history.running()
    history.versions("orders")
    asked = [
        one
        for one in said
        if one[0].lstrip().startswith("SELECT") and " FROM " in one[0].replace("\n", " ")
    ]
    assert len(asked) > 8
    plans = [_plan(history, statement, parameters) for statement, parameters in asked]
    for (statement, _), plan in zip(asked, plans, strict=True):
        for table in ("task_instance", "dag_run", "log"):
            through = rf"(?m)Seq Scan on (public\.)?{table}\b|SCAN {table}\b(?! USING)"
            assert not re.search(through, plan), f"{statement}\n\n{plan}"
    history.close()


def _plan(history: DatabaseHistory, statement: str, parameters: Any) -> str:
    sqlite = history._database.backend == "sqlite"
    with history._database.reading() as connection:
        explain = f"EXPLAIN {'QUERY PLAN ' if sqlite else ''}{statement}"
        return "\n".join(str(row[-1]) for row in connection.exec_driver_sql(explain, parameters))


# ---------------------------------------------------------------- what is wrong, in words


def test_a_database_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ServiceUnreachable, match=r"none\.db"):
        list(DatabaseHistory(f"sqlite:///{tmp_path / 'none.db'}").runs(datetime.now(timezone.utc)))
    assert not (tmp_path / "none.db").exists()
    other = tmp_path / "other ?#%.db"
    engine = sa.create_engine("sqlite://", creator=lambda: __import__("sqlite3").connect(other))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (x)")
    engine.dispose()
    with pytest.raises(UnreadableInput, match="holds no Airflow"):
        DatabaseHistory(f"sqlite:///{str(other).replace('?', '%3F')}").of_run("a", "b")
    with pytest.raises(WrongUse, match="only PostgreSQL"):
        DatabaseHistory("oracle://airflow@db/airflow")
    with pytest.raises(WrongUse, match="no URL"):
        DatabaseHistory("airflow.db")


def test_a_server_that_refuses(postgresql: str) -> None:
    with pytest.raises(WrongUse, match="password") as refused:
        DatabaseHistory(postgresql.replace(SECRET, "wrong-" + SECRET) + "/postgres").now()
    assert SECRET not in str(refused.value)
    with pytest.raises(WrongUse, match="does not exist"):
        DatabaseHistory(f"{postgresql}/nowhere").now()
    port = postgresql.rpartition(":")[2]
    with pytest.raises(ServiceUnreachable) as silent:
        DatabaseHistory(f"{postgresql}/postgres".replace(port, "9")).now()
    assert SECRET not in str(silent.value)


def test_a_statement_that_takes_too_long_is_given_up(postgresql: str) -> None:
    history = DatabaseHistory(f"{postgresql}/postgres", seconds=1)
    given_up = pytest.raises(ServiceUnreachable, match="timeout")
    with given_up, history._database.reading() as connection:
        connection.exec_driver_sql("SELECT pg_sleep(30)")
    history.close()
