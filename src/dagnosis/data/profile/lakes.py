"""Delta Lake and Iceberg: their own libraries say which files are the table, DuckDB counts.

Needs the extras `delta` (deltalake) or `iceberg` (pyiceberg), imported on first use.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dagnosis.data.profile.duckdb import DuckDBEngine
from dagnosis.errors import UnreadableInput, WrongUse


class DeltaEngine(DuckDBEngine):
    """The newest version of a Delta table.

    The whole table is streamed. `where` is SQL of DataFusion, which leaves out files that cannot hold
    such rows; what is left is read into memory as Arrow.
    """

    def __init__(self, folder: Path, where: str | None = None) -> None:
        super().__init__(None, ordered=True)
        self.called = str(folder)
        self.chosen = where

    def _frame(self) -> Any:
        try:
            from deltalake import DeltaTable, QueryBuilder
            from deltalake.exceptions import DeltaError
        except ModuleNotFoundError:
            raise WrongUse(
                f"{self.called} is a Delta table; to read it: pip install 'dagnosis[delta]'"
            ) from None
        import pyarrow as pa

        try:
            table = DeltaTable(self.called)
            if self.chosen is None:
                return table.to_pyarrow_dataset()
            # not DuckDB: what it pushes into pyarrow fails on files that deltalake itself rewrote
            query = f"SELECT * FROM batch WHERE {self.chosen}"  # noqa: S608
            return pa.table(QueryBuilder().register("batch", table).execute(query).read_all())
        except (DeltaError, OSError, ValueError) as error:
            raise _unreadable(self.called, "Delta", error) from None


class IcebergEngine(DuckDBEngine):
    """The newest snapshot of an Iceberg table, by its folder or as iceberg://CATALOG/NAMESPACE.TABLE.

    `where` is handed to pyiceberg, which leaves out files that cannot hold such rows; what is left
    is read into memory as Arrow.
    """

    def __init__(self, place: str, where: str | None = None) -> None:
        super().__init__(None, ordered=True)
        self.called = place
        self.chosen = where

    def _frame(self) -> Any:
        try:
            import pyiceberg.exceptions
            from pyiceberg.catalog import load_catalog
            from pyiceberg.table import StaticTable
        except ModuleNotFoundError:
            raise WrongUse(
                f"{self.called} is an Iceberg table; to read it: pip install 'dagnosis[iceberg]'"
            ) from None
        found = vars(pyiceberg.exceptions).values()
        known: tuple[type[Exception], ...] = tuple(
            kind for kind in found if isinstance(kind, type) and issubclass(kind, Exception)
        )
        known += (OSError, ValueError, TypeError)
        try:
            if self.called.startswith("iceberg://"):
                parts = urlsplit(self.called)
                table: Any = load_catalog(parts.netloc).load_table(parts.path.strip("/"))
            else:
                table = StaticTable.from_metadata(str(_newest(Path(self.called))))
            scan = table.scan() if self.chosen is None else table.scan(row_filter=self.chosen)
            return scan.to_arrow()
        except known as error:
            raise _unreadable(self.called, "Iceberg", error) from None


def _newest(folder: Path) -> Path:
    """The newest metadata of a table: the one that `version-hint.text` names, else the last written."""
    found = list((folder / "metadata").glob("*.metadata.json"))
    hint = folder / "metadata" / "version-hint.text"
    if hint.is_file():
        version = hint.read_text("utf-8").strip()
        named = folder / "metadata" / f"v{version}.metadata.json"
        if named in found:
            return named
    # names start with a version that grows, padded (pyiceberg, Spark) or not (v9, v10)
    return max(found, key=lambda path: (_version(path), path.stat().st_mtime))


def _version(path: Path) -> int:
    head = path.name.lstrip("v").partition("-")[0].partition(".")[0]
    return int(head) if head.isdecimal() else -1


def _unreadable(place: str, kind: str, error: Exception) -> UnreadableInput:
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return UnreadableInput(f"{place}: the {kind} table cannot be read ({reason[:300]})")
