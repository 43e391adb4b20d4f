"""Which engine holds a batch: by what it is (a frame) or what it is called (a path, a URL).

| source                                   | engine                                                   |
|------------------------------------------|----------------------------------------------------------|
| `a.parquet`, `a.csv.gz`, `file:///a.json` | DuckDB reads the file                                    |
| a folder with `_delta_log/`              | Delta Lake, its newest version (extra `delta`)           |
| a folder with `metadata/*.metadata.json` | Iceberg, its newest snapshot (extra `iceberg`)           |
| `iceberg://CATALOG/NAMESPACE.TABLE`      | Iceberg by a catalogue of pyiceberg's own configuration  |
| any other URL, with a table              | SQL, counted in the database                             |
| pandas, polars, pyarrow, a relation      | DuckDB                                                   |
| a Spark DataFrame                        | Spark, counted where it lives                            |
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from dagnosis.errors import WrongUse

if TYPE_CHECKING:
    from dagnosis.data.profile import Engine


def engine_of(source: Any, table: str | None = None, where: str | None = None) -> Engine:
    """The engine that holds `source`, or the rows of it that `where` chooses.

    `where` is SQL of whoever counts (DuckDB or the database; for Iceberg the filter language of
    pyiceberg) and is run as it is: it comes from who runs the check, never from data. Nothing is
    read yet. Raises `WrongUse` for what does not go together.
    """
    if isinstance(source, str) and source.startswith("file://"):
        source = Path(unquote(urlsplit(source).path))
    if isinstance(source, str) and "://" in source:
        return _by_url(source, table, where)
    if table is not None:
        raise WrongUse("a table is chosen in a database: --table goes with the URL of one")
    if isinstance(source, (str, Path)):
        return _by_path(Path(source), where)
    if all(callable(getattr(source, name, None)) for name in ("fields", "totals", "rows")):
        made: Engine = source
        return made
    if type(source).__module__.startswith("pyspark.") and hasattr(source, "dtypes"):
        from dagnosis.data.profile.spark import SparkEngine

        return SparkEngine(source if where is None else source.where(where))
    from dagnosis.data.profile.duckdb import DuckDBEngine

    return DuckDBEngine(source, where=where)


def _by_url(url: str, table: str | None, where: str | None) -> Engine:
    if url.startswith("iceberg://"):
        from dagnosis.data.profile.lakes import IcebergEngine

        return IcebergEngine(url, where)
    from dagnosis.data.profile.sql import SQLEngine

    if table is None:
        raise WrongUse("a database needs the table that holds the batch: --table [SCHEMA.]TABLE")
    return SQLEngine(url, table, where)


def _by_path(path: Path, where: str | None) -> Engine:
    from dagnosis.data.profile.duckdb import DuckDBEngine

    if (path / "_delta_log").is_dir():
        from dagnosis.data.profile.lakes import DeltaEngine

        return DeltaEngine(path, where)
    if (path / "metadata").is_dir() and any((path / "metadata").glob("*.metadata.json")):
        from dagnosis.data.profile.lakes import IcebergEngine

        return IcebergEngine(str(path), where)
    return DuckDBEngine(path, ordered=True, where=where)
