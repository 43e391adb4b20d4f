"""The DuckDB engine: Parquet, CSV and JSON files, pandas, polars and pyarrow tables, relations."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagnosis.data.profile.values import Field, Kind, Totals, Values
from dagnosis.errors import UnreadableInput

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

READERS = {
    ".parquet": "read_parquet",
    ".pq": "read_parquet",
    ".csv": "read_csv",
    ".tsv": "read_csv",
    ".json": "read_json",
    ".jsonl": "read_json",
    ".ndjson": "read_json",
}
"""File endings (before .gz and .zst) and the function of DuckDB that reads them."""

TOGETHER = 40
"""Columns counted in one query: DuckDB plans in time that grows faster than the number of aggregates."""

_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT")
_UNSIGNED = ("UINTEGER", "UBIGINT", "UHUGEINT", "BIGNUM")


def kind_of(name: str) -> Kind:
    """The kind of a type by DuckDB's name for it."""
    head = name.upper().partition("(")[0]
    if name.endswith("]"):
        return "other"
    if head in _INTEGERS or head in _UNSIGNED:
        return "integer"
    if head in ("FLOAT", "DOUBLE", "DECIMAL"):
        return "float"
    if head == "BOOLEAN":
        return "boolean"
    if head.startswith(("TIMESTAMP", "DATE", "TIME")):
        return "time"
    return "text" if head in ("VARCHAR", "UUID") or head.startswith("ENUM") else "other"


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def reader_of(path: Path) -> str:
    """The call of DuckDB that reads a file; raises `UnreadableInput` for an unknown type."""
    suffixes = [s for s in path.suffixes if s.lower() not in (".gz", ".zst")]
    function = READERS.get(suffixes[-1].lower() if suffixes else "")
    if function is None:
        known = " ".join(READERS)
        raise UnreadableInput(f"{path}: unknown file type; known are {known} (also .gz, .zst)")
    name = str(path).replace("'", "''")
    return f"{function}('{name}')"


class DuckDBEngine:
    """A batch that DuckDB can read; `threads` and `memory` (as "400MB") bound what it takes.

    `source` is a path, a frame (pandas, polars, pyarrow) or a relation. With `text=True` the cells
    of a CSV stay text and an empty cell is an empty text, as the file has it; with `ordered=True` rows
    come in the order of the source, so that their index means something. `where` is SQL that chooses
    the rows of the batch.
    """

    def __init__(
        self,
        source: Any,
        *,
        threads: int | None = None,
        memory: str = "",
        text: bool = False,
        ordered: bool = False,
        where: str | None = None,
    ) -> None:
        self.source = source
        self.called = str(source) if isinstance(source, (str, Path)) else "the frame"
        self.where = where
        self.threads = threads
        self.memory = memory
        self.text = text
        self.ordered = ordered

    @cached_property
    def _open(self) -> tuple[DuckDBPyConnection, str]:
        import duckdb

        if isinstance(self.source, duckdb.DuckDBPyRelation):
            return _Relation(self.source), "batch"  # type: ignore[return-value]
        connection = duckdb.connect()
        kept = "true" if self.ordered else "false"
        connection.execute(f"SET preserve_insertion_order = {kept}; SET TimeZone = 'UTC'")
        if self.threads:
            connection.execute(f"SET threads = {int(self.threads)}")
        if self.memory:
            connection.execute(f"SET memory_limit = '{self.memory}'")
        if isinstance(self.source, (str, Path)):
            return connection, self._reader(Path(self.source))
        connection.register("batch", _plain(self._frame()))
        return connection, "batch"

    def _frame(self) -> Any:
        """The frame that is registered; of a lake, what its library makes of it."""
        return self.source

    def _reader(self, path: Path) -> str:
        if not path.exists():
            raise UnreadableInput(f"{path}: no such file")
        if path.is_dir():
            raise UnreadableInput(f"{path}: is a folder; name one file, or use --history")
        if path.stat().st_size == 0:
            raise UnreadableInput(f"{path}: the file is empty, it has not even a header")
        call = reader_of(path)
        if call.startswith("read_csv"):
            more = ", header = true, sample_size = 20480"
            if self.text:
                more += ", all_varchar = true, nullstr = '\x01'"
            call = call[:-1] + more + ")"
        return call

    def _ask(self, query: str) -> Any:
        import duckdb

        connection, source = self._open
        if self.where is not None:
            # SQL of who runs the check, like the query of a warehouse
            source = f"(SELECT * FROM {source} WHERE {self.where})"  # noqa: S608
        try:
            return connection.execute(query.replace("$source", source))
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            raise UnreadableInput(f"{self.called}: DuckDB cannot read it ({reason})") from None

    @cached_property
    def _fields(self) -> list[Field]:
        described = self._ask("DESCRIBE SELECT * FROM $source").fetchall()
        return [Field(row[0], kind_of(row[1]), row[1]) for row in described]

    def fields(self) -> list[Field]:
        """The columns; raises `UnreadableInput`."""
        return self._fields

    def totals(self) -> tuple[int, dict[str, Totals]]:
        """One aggregate query over all rows, or one for each `TOGETHER` columns of a wide table."""
        total = 0
        found: dict[str, Totals] = {}
        for start in range(0, max(len(self._fields), 1), TOGETHER):
            parts = [(f, _aggregates(f)) for f in self._fields[start : start + TOGETHER]]
            selected = ["count(*)", *(sql for _, sqls in parts for sql in sqls.values())]
            # names are quoted, the rest is ours
            row = self._ask(f"SELECT {', '.join(selected)} FROM $source")  # noqa: S608
            counted = iter(row.fetchone())
            total = next(counted)
            for field, sqls in parts:
                numbers = {key: _number(key, next(counted)) for key in sqls}
                found[field.name] = Totals(**numbers)  # type: ignore[arg-type]
        return total, found

    def rows(self, limit: int) -> list[Values]:
        """The sample is DuckDB's reservoir, seeded, so that the same file gives the same rows."""
        import numpy as np

        chosen = [f"{_value(field)} AS {quoted(field.name)}" for field in self._fields]
        if not chosen:
            return []
        total = self._ask("SELECT count(*) FROM $source").fetchone()[0]
        sample = f" USING SAMPLE reservoir({limit} ROWS) REPEATABLE (1)" if total > limit else ""
        found = self._ask(f"SELECT {', '.join(chosen)} FROM $source{sample}").fetchnumpy()  # noqa: S608
        columns = []
        for field, raw in zip(self._fields, found.values(), strict=True):
            if field.kind in ("text", "other"):
                values = np.ma.getdata(raw).astype(object)
                values[np.ma.getmaskarray(raw)] = None
            else:
                values = np.ma.filled(np.ma.asarray(raw).astype(np.float64), np.nan)
            columns.append(Values(field, values))
        return columns


class _Relation:
    """A relation, queried as a connection that knows it as `batch`."""

    def __init__(self, relation: Any) -> None:
        self.relation = relation

    def execute(self, query: str) -> Any:
        return self.relation.query("batch", query.removeprefix("DESCRIBE "))


def _plain(frame: Any) -> Any:
    """What DuckDB can register: polars goes over Arrow, a list of columns must have unique names."""
    named: Any = getattr(frame, "column_names", None)
    names = list(getattr(frame, "columns", ()) if named is None else named)
    again = {str(name) for name in names if names.count(name) > 1}
    if again:
        raise UnreadableInput(f"the frame has two columns named {min(again)!r}; rename one")
    if type(frame).__module__.partition(".")[0] == "polars":
        return frame.lazy().collect().to_arrow()
    return frame


def _value(field: Field) -> str:
    name = quoted(field.name)
    if field.kind == "time":
        if field.type.upper().startswith("TIME") and not field.type.upper().startswith("TIMEST"):
            return f"epoch({name}::TIME)"
        return f"epoch_us({name}::TIMESTAMP) / 1e6"
    if field.kind in ("integer", "float", "boolean"):
        return f"{name}::DOUBLE"
    return f"{name}::VARCHAR"


def _aggregates(field: Field) -> dict[str, str]:
    """SQL of each total of a column, by the name of the total."""
    name, value = quoted(field.name), _value(field)
    found = {"nulls": f"count(*) - count({name})", "distinct": f"approx_count_distinct({name})"}
    if field.kind == "other":
        return found
    if field.kind == "text":
        value = f"length({value})"
        found["empty"] = f"count_if({name}::VARCHAR = '')"
    elif field.kind in ("integer", "float"):
        found["zeros"] = f"count_if({name} = 0)"
        found["negatives"] = f"count_if({name} < 0)"
    kept = ""
    if field.kind == "float" and not field.type.upper().startswith("DECIMAL"):
        found["nulls"] = f"count(*) - coalesce(count_if(NOT isnan({name})), 0)"
        found["infinite"] = f"count_if(isinf({name}))"
        kept = f" FILTER (isfinite({name}))"
    found["minimum"] = f"min({value}){kept}"
    found["maximum"] = f"max({value}){kept}"
    found["mean"] = f"avg({value}){kept}"
    found["deviation"] = f"stddev_pop({value}){kept}"
    return found


def _number(key: str, value: Any) -> float | int | None:
    if key in ("minimum", "maximum", "mean", "deviation"):
        return None if value is None else float(value)
    return int(value or 0)


def is_readable(path: Path) -> bool:
    """Whether the ending of a file is one that DuckDB reads."""
    suffixes = [s.lower() for s in path.suffixes if s.lower() not in (".gz", ".zst")]
    return bool(suffixes) and suffixes[-1] in READERS


def source_name(path: Path) -> str:
    """The name of a file without folder and endings, which names its partition."""
    name = path.name
    for suffix in reversed(path.suffixes):
        if suffix.lower() in (".gz", ".zst") or suffix.lower() in READERS:
            name = name.removesuffix(suffix)
    return name
