"""The Spark engine: a DataFrame, counted where it lives. Needs the extra `spark`."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from dagnosis.data.profile.values import Field, Kind, Totals, Values
from dagnosis.errors import UnreadableInput

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

SEED = 1
_KINDS: dict[str, Kind] = {
    "tinyint": "integer",
    "smallint": "integer",
    "int": "integer",
    "bigint": "integer",
    "float": "float",
    "double": "float",
    "boolean": "boolean",
    "string": "text",
    "timestamp": "time",
    "timestamp_ntz": "time",
    "date": "time",
}


class SparkEngine:
    """The rows of a DataFrame of a running Spark session (3.5 or newer)."""

    def __init__(self, frame: DataFrame) -> None:
        self.frame = frame

    @cached_property
    def _fields(self) -> list[Field]:
        fields = []
        for name, type_ in self.frame.dtypes:
            kind = "float" if type_.startswith("decimal") else _KINDS.get(type_, "other")
            fields.append(Field(name, kind, type_))
        names = [field.name for field in fields]
        again = sorted({name for name in names if names.count(name) > 1})
        if again:
            raise UnreadableInput(f"the frame has two columns named {again[0]!r}; rename one")
        return fields

    def fields(self) -> list[Field]:
        """The columns; raises `UnreadableInput` for two of one name."""
        return self._fields

    def totals(self) -> tuple[int, dict[str, Totals]]:
        """One aggregation over all rows."""
        from pyspark.sql import functions as sf

        wanted = {field.name: _aggregates(field) for field in self._fields}
        flat = [column for found in wanted.values() for column in found.values()]
        counted = iter(self.frame.agg(sf.count(sf.lit(1)), *flat).collect()[0])
        total = int(next(counted))
        return total, {
            name: Totals(**{key: _plain(key, next(counted)) for key in found})  # type: ignore[arg-type]
            for name, found in wanted.items()
        }

    def rows(self, limit: int) -> list[Values]:
        """All rows, or a Bernoulli sample with a fixed seed."""
        total = self.frame.count()
        frame = self.frame
        if total > limit:
            frame = frame.sample(fraction=limit / total, seed=SEED).limit(limit)
        chosen = [_value(field).alias(f"c{n}") for n, field in enumerate(self._fields)]
        found = frame.select(*chosen).collect()
        by_column = list(zip(*found, strict=True)) if found else [()] * len(self._fields)
        return [
            Values(field, [_cell(field, cell) for cell in cells])
            for field, cells in zip(self._fields, by_column, strict=True)
        ]


def _value(field: Field) -> Column:
    """A column as text or as a double; times as seconds since 1970, whatever the session's zone."""
    from pyspark.sql import functions as sf

    name = "`" + field.name.replace("`", "``") + "`"
    column = sf.col(name)
    if field.kind in ("text", "other"):
        return column.cast("string")
    if field.type == "date":
        return sf.datediff(column, sf.lit("1970-01-01").cast("date")).cast("double") * 86_400
    if field.type == "timestamp_ntz":
        start = "timestamp_ntz'1970-01-01 00:00:00'"
        return sf.expr(f"timestampdiff(MICROSECOND, {start}, {name})").cast("double") / 1e6
    return column.cast("double")


def _aggregates(field: Field) -> dict[str, Column]:
    from pyspark.sql import functions as sf

    value = _value(field)
    found = {"nulls": sf.count(sf.lit(1)) - sf.count(value)}
    found["distinct"] = sf.approx_count_distinct(value)
    if field.kind == "other":
        return found
    if field.kind == "text":
        found["empty"] = sf.count(sf.when(value == "", 1))
        value = sf.length(value).cast("double")
    elif field.kind in ("integer", "float"):
        # NaN is greater than any number in Spark
        found["zeros"] = sf.count(sf.when(value == 0, 1))
        found["negatives"] = sf.count(sf.when(value < 0, 1))
    if field.kind == "float":
        ends = value.isin(float("inf"), float("-inf"))
        found["nulls"] = sf.count(sf.when(value.isNull() | sf.isnan(value), 1))
        found["infinite"] = sf.count(sf.when(ends, 1))
        value = sf.when(~ends & ~sf.isnan(value), value)
    found["minimum"] = sf.min(value)
    found["maximum"] = sf.max(value)
    found["mean"] = sf.avg(value)
    found["deviation"] = sf.stddev_pop(value)
    return found


def _plain(key: str, value: Any) -> float | int | None:
    if key in ("minimum", "maximum", "mean", "deviation"):
        return None if value is None else float(value)
    return int(value or 0)


def _cell(field: Field, cell: Any) -> Any:
    if field.kind in ("text", "other"):
        return cell
    return float("nan") if cell is None else float(cell)
