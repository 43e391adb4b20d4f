"""`python -m tests.sources.schemas SQLITE_FILE|POSTGRESQL_URL OUT.sql`: dumps the tables that we read from a database
that `airflow db migrate` made, with their indices and without foreign keys."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from pathlib import Path

TABLES = (
    "task_instance", "task_instance_history", "dag_run", "dag", "log", "dag_version", "dag_code",
    "import_error", "asset", "asset_event", "dataset", "dataset_event",
)  # fmt: skip


def main(database: str, out: Path) -> None:
    """Write one statement a paragraph."""
    text = _postgresql(database) if "://" in database else _sqlite(database)
    out.write_text(text.strip() + "\n", encoding="utf-8")


def _sqlite(file: str) -> str:
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
        rows = database.execute(
            "SELECT tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type DESC, name"
        )
        statements = [sql.replace("\t", "  ") + ";" for table, sql in rows if table in TABLES]
    return "\n\n".join(statements)


def _postgresql(url: str) -> str:
    tables = [word for table in TABLES for word in ("-t", f"public.{table}")]
    command = ["pg_dump", "--schema-only", "--no-owner", "--no-privileges", *tables, url]
    dump = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    statements = re.split(r"(?<=;)\n", re.sub(r"(?m)^(--.*|\\.*|SET .*|SELECT .*)$", "", dump))
    kept = [one.strip() for one in statements if one.strip() and "FOREIGN KEY" not in one]
    return "\n\n".join(kept)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
