"""Our own store of runs: a Parquet file that grows, since Airflow's history is cleaned.

A pull adds what changed; a try that is read again replaces its row, so pulling twice changes nothing.
The file is replaced whole, at once: who reads it meanwhile reads the old one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from dagnosis.errors import UnreadableInput
from dagnosis.forecast.history import COLUMNS

_SQL = {"text": "VARCHAR", "time": "TIMESTAMPTZ", "number": "DOUBLE"}


def newest(path: Path) -> datetime | None:
    """The latest end in the store; None for an empty or missing one."""
    if not path.exists():
        return None
    import duckdb

    try:
        row = duckdb.execute(
            "SELECT epoch(max(end_time)) FROM read_parquet(?)", [str(path)]
        ).fetchone()
    except duckdb.Error as error:
        raise UnreadableInput(f"{path}: {str(error).splitlines()[0].lower()}") from None
    if not row or row[0] is None:
        return None
    from datetime import timezone

    return datetime.fromtimestamp(row[0], timezone.utc)


def add(path: Path, rows: Iterable[dict[str, Any]]) -> tuple[int, int]:
    """Merge rows of the run table by `run_uid`; returns how many were read and how many are kept.

    Rows without a time of request are left out: they were never asked for.
    """
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    columns = ", ".join(f'"{name}" {_SQL[column.kind]}' for name, column in COLUMNS.items())
    connection.execute(f"CREATE TABLE pulled ({columns})")
    marks = ", ".join("?" * len(COLUMNS))
    read = 0
    block: list[list[Any]] = []

    def flush() -> None:
        if block:
            connection.executemany(f"INSERT INTO pulled VALUES ({marks})", block)
            block.clear()

    for row in rows:
        if row["submit_time"] is not None:
            read += 1
            block.append([row.get(name) for name in COLUMNS])
            if len(block) >= 1000:
                flush()
    flush()
    if path.exists():
        names = ", ".join(f'"{name}"' for name in COLUMNS)
        connection.execute(
            f"INSERT INTO pulled SELECT {names} FROM read_parquet(?) "
            "WHERE run_uid NOT IN (SELECT run_uid FROM pulled)",
            [str(path)],
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    connection.execute(
        f"COPY (SELECT * FROM pulled ORDER BY submit_time, run_uid) TO '{_escaped(part)}' "
        "(FORMAT parquet, COMPRESSION zstd)"
    )
    part.replace(path)
    kept = connection.execute("SELECT count(*) FROM pulled").fetchone()
    return read, int(kept[0]) if kept else 0


def _escaped(path: Path) -> str:
    return str(path).replace("'", "''")
