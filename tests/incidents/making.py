"""Diagnoses for the tests."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec

from dagnosis.incidents.contract import Occurrence
from dagnosis.incidents.incidents import Incidents
from dagnosis.incidents.schema import metadata
from dagnosis.incidents.store import Remembered
from dagnosis.logs.diagnosers.vectors import VERSION, vector
from dagnosis.model import TaskRef

START = datetime(2026, 11, 1, 4, 30, tzinfo=timezone.utc)


def remembered(number: int, fingerprint: str = "f1", **changes: Any) -> Remembered:
    """The diagnosis of a try that failed `number` hours after the start."""
    message = changes.get("message", "KeyError: 'amount'")
    made = Remembered(
        id=f"{number:016x}",
        fingerprint=fingerprint,
        cause="data_error",
        detail="data_error.dataframe_column_missing",
        title="A column is not in the frame",
        confidence=0.8,
        transience="permanent",
        engine="rules",
        message=message,
        lines=f"7| {message}",
        source=f"attempt={number}.log",
        occurred=START + timedelta(hours=number),
        diagnosed=START + timedelta(days=9),
        vector=vector(message).tobytes() or None,
        vector_version=VERSION,
        dag_id="orders",
        run_id=f"run-{number}",
        task_id="load",
        try_number=1,
    )
    return msgspec.structs.replace(made, **changes)


def failed(number: float = 0, fingerprint: str = "f1", **changes: Any) -> Occurrence:
    """A try of `orders.load` that failed `number` minutes after the start, in a run of its own;
    `dag`, `run`, `task_id`, `map_index` and `try_number` name another one."""
    task = TaskRef(
        changes.pop("dag", "orders"),
        changes.pop("run", f"run-{number}"),
        changes.pop("task_id", "load"),
        changes.pop("map_index", -1),
        changes.pop("try_number", 1),
    )
    made = Occurrence(
        task=task,
        occurred=START + timedelta(minutes=number),
        found_by="poll",
        fingerprint=fingerprint,
        cause="data_error",
        detail="data_error.dataframe_column_missing",
        title="A column is not in the frame",
        confidence=0.8,
        transience="permanent",
        message="KeyError: 'amount'",
        quote="KeyError: 'amount'",
        quote_line=7,
        fix=("Name the column as the file does.",),
    )
    return msgspec.structs.replace(made, **changes)


def emptied(incidents: Incidents) -> Incidents:
    """The store without anything in it."""
    with incidents._writing() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
    return incidents
