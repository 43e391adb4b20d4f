"""Diagnoses for the tests."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec

from dagnosis.incidents.store import Remembered
from dagnosis.logs.diagnosers.vectors import VERSION, vector

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
