"""The run history of a corpus, as Airflow's metadata database has it: one row a try.

`task_instance` keeps the last try of a task only, `task_instance_history` those before it; both
are joined with `dag_run`. The first columns are those of run histories everywhere in this
project, the rest is Airflow's own.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from lab.metadata import Metadata, Rows

COLUMNS = (
    "dataset", "run_uid", "dag_id", "task_id", "run_id", "try_number", "submit_time",
    "start_time", "end_time", "state", "queue", "operator", "owner", "priority", "req_cpus",
    "req_mem", "req_time", "map_index", "max_tries", "pool", "airflow_state", "scheduled_time",
    "run_type", "run_queued_time", "run_start_time", "run_end_time", "run_state",
)  # fmt: skip

_TRY = """task_id, dag_id, run_id, map_index, try_number, max_tries, state, start_date, end_date,
queued_dttm, queue, pool, operator, priority_weight"""

_QUERY = f"""
SELECT ti.dag_id AS dag_id, ti.task_id AS task_id, ti.run_id AS run_id,
       ti.map_index AS map_index, ti.try_number AS try_number, ti.max_tries AS max_tries,
       ti.state AS airflow_state, ti.queued_dttm AS queued_time, ti.scheduled_dttm AS scheduled_time,
       ti.start_date AS start_time, ti.end_date AS end_time, ti.queue AS queue, ti.pool AS pool,
       ti.operator AS operator, ti.priority_weight AS priority, dag.owners AS owner,
       run.run_type AS run_type, run.queued_at AS run_queued_time, run.start_date AS run_start_time,
       run.end_date AS run_end_time, run.state AS run_state
FROM (SELECT {_TRY}, {{scheduled}} AS scheduled_dttm FROM task_instance
      UNION ALL SELECT {_TRY}, {{scheduled}} FROM task_instance_history) ti
JOIN dag_run run ON run.dag_id = ti.dag_id AND run.run_id = ti.run_id
LEFT JOIN dag ON dag.dag_id = ti.dag_id
"""

_STATES = {
    "success": "success",
    "failed": "failed",
    "up_for_retry": "failed",
    "skipped": "cancelled",
    "upstream_failed": "cancelled",
    "removed": "cancelled",
}
"""Airflow's state -> that of the history; every other one is unfinished."""


def read(metadata: Metadata, dataset: str, major: int = 3) -> Rows:
    """Every try in the database of an Airflow of that major version, without `run_uid`; times are
    UTC to the microsecond, "" where there is none."""
    # Airflow 2 does not keep when a try was scheduled.
    query = _QUERY.format(scheduled="scheduled_dttm" if major == 3 else "NULL")
    return [_row(found, dataset) for found in metadata.query(query)]


def add(file: Path, rows: Rows) -> None:
    """Add rows to a history, created where it is not there yet.

    Rows of a DAG and data set that has new ones are replaced. `run_uid` counts anew, in the order
    of submission.
    """
    replaced = {(row["dataset"], row["dag_id"]) for row in rows}
    kept = [row for row in load(file) if (row["dataset"], row["dag_id"]) not in replaced]
    write(file, [*kept, *rows])


def load(file: Path) -> Rows:
    """The rows of a history; [] where there is none."""
    if not file.exists():
        return []
    with file.open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))


def write(file: Path, rows: Iterable[dict[str, str]]) -> None:
    """Write a history, sorted by data set and time of submission."""
    ordered = sorted(rows, key=_order)
    with file.open("w", encoding="utf-8", newline="") as sink:
        writer = csv.DictWriter(sink, COLUMNS, lineterminator="\n")
        writer.writeheader()
        counts: dict[str, int] = {}
        for row in ordered:
            number = counts[row["dataset"]] = counts.get(row["dataset"], 0) + 1
            writer.writerow({**row, "run_uid": f"{row['dataset']}:{number}"})


def _order(row: dict[str, str]) -> tuple[object, ...]:
    names = tuple(row[name] for name in ("dataset", "submit_time", "dag_id", "task_id"))
    return (*names, int(row["map_index"]), int(row["try_number"]))


def _row(found: dict[str, str], dataset: str) -> dict[str, str]:
    row = {name: _time(text) if name.endswith("_time") else text for name, text in found.items()}
    queued, started = row.pop("queued_time"), row["start_time"]
    # A task that was deferred or rescheduled is queued again, later than it started; one that
    # never ran was never queued. The best that is left comes first.
    candidates = [queued, row["scheduled_time"], started, row["run_queued_time"]]
    before = [time for time in candidates if time and (not started or time <= started)]
    return {
        **dict.fromkeys(COLUMNS, ""),
        **row,
        "dataset": dataset,
        "submit_time": next(iter(before), ""),
        "state": _STATES.get(row["airflow_state"], "unfinished"),
    }


def _time(text: str) -> str:
    """A time of either database in one shape: `2026-11-26T00:35:03.012345+00:00`."""
    if not text:
        return ""
    day, _, clock = text.removesuffix("+00:00").removesuffix("+00").replace("T", " ").partition(" ")
    second, _, fraction = clock.partition(".")
    return f"{day}T{second}.{fraction:0<6}+00:00"
