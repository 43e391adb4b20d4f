"""Metadata databases with the schema of a real Airflow, filled with a small history.

`schemas/*.sql` are what `airflow db migrate` of 2.11.2 and 3.3.2 made; see `schemas/__main__.py`.
"""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from dagnosis.model import TaskRef
from dagnosis.sources.checks import Known

SCHEMAS = Path(__file__).parent / "schemas"
SECRET = "s3cret-of-db"


def create(engine: sa.Engine, major: int) -> None:
    """Make the tables of that Airflow in an empty database."""
    if engine.dialect.name == "mysql":
        _create_by_reflection(engine, major)
        return
    text = (SCHEMAS / f"airflow{major}_{engine.dialect.name}.sql").read_text(encoding="utf-8")
    with engine.begin() as connection:
        for statement in text.split(";\n\n"):
            connection.exec_driver_sql(statement.strip().rstrip(";").replace("%", "%%"))


def _create_by_reflection(engine: sa.Engine, major: int) -> None:
    """MySQL's tables, with the columns and indices that SQLite's have."""
    source = sa.create_engine("sqlite://")
    create(source, major)
    tables, made = sa.MetaData(), sa.MetaData()
    tables.reflect(source, resolve_fks=False)
    for table in tables.tables.values():
        columns = [
            sa.Column(one.name, _type(one.type), primary_key=one.primary_key, nullable=one.nullable)
            for one in table.columns
        ]
        copy = sa.Table(table.name, made, *columns)
        for index in table.indexes:
            names = [column.name for column in index.columns]
            if all(getattr(copy.c[name].type, "length", None) != 1500 for name in names):
                sa.Index(index.name, *(copy.c[name] for name in names))
    made.create_all(engine)
    source.dispose()


def _type(kind: Any) -> Any:
    if isinstance(kind, (sa.TIMESTAMP, sa.DateTime)):
        return mysql.DATETIME(fsp=6)
    endless = isinstance(kind, sa.String) and kind.length is None
    return sa.Text() if endless or isinstance(kind, sa.JSON) else kind


class Filler:
    """Adds rows; what a row does not say is NULL, or something empty where NULL may not be."""

    def __init__(self, engine: sa.Engine) -> None:
        self._tables = sa.MetaData()
        self._tables.reflect(engine, resolve_fks=False)
        self.engine = engine

    def has(self, table: str) -> bool:
        return table in self._tables.tables

    def add(self, table: str, **values: Any) -> None:
        known = self._tables.tables[table]
        row = {name: value for name, value in values.items() if name in known.columns}
        for column in known.columns:
            counted = column.primary_key and isinstance(column.type, sa.Integer)
            if column.name not in row and not (column.nullable or column.server_default or counted):
                row[column.name] = _something(column.type)
        row = {
            name: json.dumps(value)
            if isinstance(value, dict) and not isinstance(known.columns[name].type, sa.JSON)
            else value
            for name, value in row.items()
        }
        if self.engine.dialect.name != "postgresql":
            row = {
                name: value.astimezone(timezone.utc).replace(tzinfo=None)
                if isinstance(value, datetime)
                else value
                for name, value in row.items()
            }
        with self.engine.begin() as connection:
            connection.execute(known.insert().values(row))


def _something(kind: Any) -> Any:
    if isinstance(kind, sa.Uuid):
        return uuid.uuid4()
    if isinstance(kind, (sa.TIMESTAMP, sa.DateTime)):
        return datetime(2026, 1, 1, tzinfo=timezone.utc)
    if isinstance(kind, sa.JSON):
        return {}
    if isinstance(kind, sa.Boolean):
        return False
    if isinstance(kind, (sa.Integer, sa.Float)):
        return 0
    return uuid.uuid4().hex[:30]


def fill(filler: Filler, now: datetime) -> Known:
    """A run that failed, one that goes on, and what surrounds them, minutes before `now`."""
    begin = now - timedelta(minutes=30)

    def at(minutes: float) -> datetime:
        return begin + timedelta(minutes=minutes)

    version = uuid.UUID("01a216a3-0190-7a02-8a29-56a380c5222f")
    given = version if filler.engine.dialect.name == "postgresql" else version.hex
    for dag_id in ("orders", "waits"):
        filler.add("dag", dag_id=dag_id, owners="ana", is_paused=False)
    if filler.has("dag_version"):
        dag_version = {"dag_id": "orders", "version_number": 4, "bundle_version": "c0ffee"}
        filler.add("dag_version", id=given, created_at=at(0), last_updated=at(0), **dag_version)
        code = {"dag_id": "orders", "source_code": "def orders(): ...", "dag_version_id": given}
        filler.add("dag_code", fileloc="orders.py", **code)

    def run(number: int, dag_id: str, run_id: str, state: str, end: datetime | None) -> None:
        filler.add(
            "dag_run", id=number, dag_id=dag_id, run_id=run_id, state=state, run_type="manual",
            queued_at=at(0), start_date=at(1), end_date=end, updated_at=end or at(20),
            run_after=at(number / 10), execution_date=at(number / 10), clear_number=0,
            created_dag_version_id=given if dag_id == "orders" else None,
            creating_job_id=None, conf=None,
        )  # fmt: skip

    run(1, "orders", "r0", "success", at(-600))
    run(2, "orders", "r1", "failed", at(12))
    run(3, "waits", "w1", "running", None)

    def task(table: str, ref: TaskRef, state: str | None, minute: float, **more: Any) -> None:
        over = state in ("success", "failed")
        filler.add(
            table, dag_id=ref.dag_id, run_id=ref.run_id, task_id=ref.task_id,
            map_index=ref.map_index, try_number=ref.try_number, state=state, max_tries=1,
            operator="BashOperator", hostname="w1", pool="default_pool", queue="default",
            pool_slots=1, priority_weight=3, start_date=at(minute - 1), span_status="ended",
            end_date=at(minute) if over else None, updated_at=at(minute),
            dag_version_id=given if ref.dag_id == "orders" else None, **more,
        )  # fmt: skip

    load = TaskRef("orders", "r1", "load", -1, 2)
    last = {
        TaskRef("orders", "r1", "extract"): "success",
        load: "failed",
        TaskRef("orders", "r1", "report", -1, 0): "upstream_failed",
        TaskRef("orders", "r1", "part", 1, 1): "failed",
        TaskRef("waits", "w1", "sleeper"): "running",
        TaskRef("waits", "w1", "again"): "up_for_retry",
    }
    for minute, (ref, state) in enumerate(last.items(), 3):
        task("task_instance", ref, state, minute)
    task("task_instance_history", TaskRef("orders", "r1", "load", -1, 1), "failed", 2)
    task("task_instance_history", TaskRef("waits", "w1", "again"), "failed", 2)
    task("task_instance", TaskRef("orders", "r0", "extract"), "success", -600)
    words = ("running", "success", "running", "failed", "heartbeat timeout", "patch_task_instance")
    for number, word in enumerate(words, 1):
        filler.add(
            "log", id=number, dttm=at(number), event=word, dag_id="orders", run_id="r1",
            task_id="load", map_index=-1, try_number=1, owner="airflow", extra="{}",
        )  # fmt: skip
    filler.add("log", id=len(words) + 1, dttm=at(8), event="cli_scheduler", owner="root")
    broken = {"filename": "dags/broken.py", "stacktrace": "ModuleNotFoundError: x"}
    filler.add("import_error", id=1, timestamp=at(5), **broken)
    kind = "asset" if filler.has("asset") else "dataset"
    filler.add(kind, id=1, name="orders", uri="s3://dwh/orders", group="asset", extra={})
    filler.add(
        f"{kind}_event", **{f"{kind}_id": 1}, id=1, timestamp=at(4), extra={"rows": 42},
        source_dag_id="orders", source_run_id="r1", source_task_id="extract", source_map_index=-1,
    )  # fmt: skip
    return Known(
        since=begin,
        last=last,
        retried={load: ("failed", "failed"), TaskRef("waits", "w1", "again"): ("failed",)},
        runs={("orders", "r1"): "failed", ("waits", "w1"): "running"},
        broken=("broken.py",),
        assets={"s3://dwh/orders": "42"},
        sources={"orders": "def orders"} if filler.has("dag_version") else {},
        secrets=(SECRET,),
    )
