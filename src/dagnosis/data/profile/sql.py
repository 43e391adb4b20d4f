"""The SQL engine: a table in a warehouse, counted there, by a SQLAlchemy URL or engine.

Tested on PostgreSQL and SQLite. Only sums leave the warehouse, and up to a sample of rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dagnosis.data.profile.values import Field, Kind, Totals, Values
from dagnosis.errors import ServiceUnreachable, UnreadableInput, WrongUse

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Engine, Table
    from sqlalchemy.engine import Connection
    from sqlalchemy.types import TypeEngine

NO_DEVIATION = ("sqlite",)
"""Dialects without stddev_pop: their deviation takes a second query."""


class SQLEngine:
    """The rows of `table` ("schema.table" or "table"), or those of them that `where` chooses.

    `source` is a URL or an engine, such as the one of an Airflow connection. `where` is SQL of the
    warehouse and is run as it is: it comes from who runs the check, never from data.
    """

    def __init__(self, source: str | Engine, table: str, where: str | None = None) -> None:
        self.source = source
        self.table = table
        self.where = where

    @cached_property
    def _engine(self) -> Engine:
        from sqlalchemy import NullPool, create_engine, exc
        from sqlalchemy.engine import Engine

        if isinstance(self.source, Engine):
            return self.source
        url = self.source
        if url.startswith(("postgresql://", "postgres://")):
            url = "postgresql+psycopg://" + url.partition("://")[2]
        try:
            # a check makes a few queries and goes; a pool would keep its connection open
            return create_engine(url, poolclass=NullPool)
        except (exc.ArgumentError, exc.NoSuchModuleError) as error:
            raise WrongUse(f"not a database URL that can be used ({error})") from None
        except ModuleNotFoundError as error:
            raise WrongUse(
                f"the driver of this database is missing: pip install {error.name}"
            ) from None

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        from sqlalchemy import exc

        try:
            with self._engine.connect() as connection:
                yield connection
        except (exc.OperationalError, exc.InterfaceError) as error:
            place = self._engine.url.render_as_string(hide_password=True)
            reason = str(error.orig).strip().splitlines()[0]
            raise ServiceUnreachable(f"{place}: the database does not answer ({reason})") from None
        except exc.DBAPIError as error:
            reason = str(error.orig).strip().splitlines()[0]
            raise UnreadableInput(
                f"{self.table}: the database refused the query ({reason})"
            ) from None

    @cached_property
    def _table(self) -> Table:
        from sqlalchemy import MetaData, Table, exc

        schema, _, name = self.table.rpartition(".")
        with self._connected() as connection:
            try:
                return Table(name, MetaData(), schema=schema or None, autoload_with=connection)
            except exc.NoSuchTableError:
                raise UnreadableInput(f"{self.table}: no such table in this database") from None

    @cached_property
    def _fields(self) -> list[Field]:
        return [Field(str(c.name), kind_of(c.type), str(c.type)) for c in self._table.columns]

    def fields(self) -> list[Field]:
        """The columns; raises `ServiceUnreachable`, `UnreadableInput`, `WrongUse`."""
        return self._fields

    def _chosen(self, *columns: Any) -> Any:
        from sqlalchemy import select, text

        query = select(*columns).select_from(self._table)
        return query if self.where is None else query.where(text(self.where))

    def totals(self) -> tuple[int, dict[str, Totals]]:
        """One aggregate query over all rows (two where the dialect lacks a deviation)."""
        from sqlalchemy import func

        wanted = {field.name: self._aggregates(field) for field in self._fields}
        flat = [sql for found in wanted.values() for sql in found.values()]
        with self._connected() as connection:
            counted = iter(connection.execute(self._chosen(func.count(), *flat)).one())
            total = next(counted)
            results: dict[str, dict[str, Any]] = {
                name: {key: _plain(key, next(counted)) for key in found}
                for name, found in wanted.items()
            }
            if self._engine.dialect.name in NO_DEVIATION:
                self._add_deviation(connection, results)
        return int(total), {name: Totals(**found) for name, found in results.items()}

    def _add_deviation(self, connection: Connection, results: dict[str, dict[str, Any]]) -> None:
        from sqlalchemy import func

        means = {n: f["mean"] for n, f in results.items() if f.get("mean") is not None}
        fields = [field for field in self._fields if field.name in means]
        if not fields:
            return
        squares = [
            func.avg((self._value(f) - means[f.name]) * (self._value(f) - means[f.name]))
            for f in fields
        ]
        row = connection.execute(self._chosen(*squares)).one()
        for field, square in zip(fields, row, strict=True):
            results[field.name]["deviation"] = float(square) ** 0.5

    def _value(self, field: Field) -> ColumnElement[Any]:
        """A column as the number that is summed: the length of a text, the seconds of a time."""
        from sqlalchemy import Float, case, cast, func, literal

        column = self._table.columns[field.name]
        if field.kind == "text":
            return func.length(column)
        if field.kind == "time":
            return self._seconds(column)
        if field.kind == "boolean":
            return case((column.is_(True), 1.0), (column.is_(False), 0.0))
        number = cast(column, Float(53))
        if field.kind == "float" and self._engine.dialect.name == "postgresql":
            wild = [cast(literal(name), Float(53)) for name in ("NaN", "Infinity", "-Infinity")]
            return case((number.in_(wild), None), else_=number)
        return number

    def _seconds(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """A time as seconds since 1970."""
        from sqlalchemy import Float, cast, extract, func

        if self._engine.dialect.name == "sqlite":
            # its epoch has no fractions; a Julian day has them, to a millisecond
            return func.round((func.julianday(column) - 2440587.5) * 86_400, 3)
        return cast(extract("epoch", column), Float(53))

    def _aggregates(self, field: Field) -> dict[str, ColumnElement[Any]]:
        from sqlalchemy import Float, case, cast, func, literal

        column = self._table.columns[field.name]
        found: dict[str, Any] = {"nulls": func.count() - func.count(column)}
        if field.kind == "other":
            return found
        found["distinct"] = func.count(column.distinct())
        value = self._value(field)
        if field.kind == "text":
            found["empty"] = func.sum(case((column == "", 1), else_=0))
        if field.kind in ("integer", "float"):
            found["zeros"] = func.sum(case((column == 0, 1), else_=0))
            found["negatives"] = func.sum(case((column < 0, 1), else_=0))
        if field.kind == "float" and self._engine.dialect.name == "postgresql":
            number = cast(column, Float(53))
            nan = cast(literal("NaN"), Float(53))
            ends = [cast(literal(name), Float(53)) for name in ("Infinity", "-Infinity")]
            found["nulls"] = func.sum(case((number.is_(None), 1), (number == nan, 1), else_=0))
            found["infinite"] = func.sum(case((number.in_(ends), 1), else_=0))
        found["minimum"] = func.min(value)
        found["maximum"] = func.max(value)
        found["mean"] = func.avg(cast(value, Float(53)))
        if self._engine.dialect.name not in NO_DEVIATION:
            found["deviation"] = func.stddev_pop(cast(value, Float(53)))
        return found

    def rows(self, limit: int) -> list[Values]:
        """All rows, or a Bernoulli sample taken by the database where it can (PostgreSQL)."""
        from sqlalchemy import String, cast, func

        selected: list[Any] = []
        for field in self._fields:
            column = self._table.columns[field.name]
            if field.kind == "time":
                selected.append(self._seconds(column).label(field.name))
            elif field.kind == "text":
                selected.append(cast(column, String).label(field.name))
            else:
                selected.append(column)
        with self._connected() as connection:
            total = connection.execute(self._chosen(func.count())).scalar_one()
            query = self._chosen(*selected)
            if total > limit:
                query = query.order_by(func.random()).limit(limit)
            found = connection.execute(query).all()
        by_column = list(zip(*found, strict=True)) if found else [()] * len(self._fields)
        return [
            Values(field, [_cell(field, cell) for cell in cells])
            for field, cells in zip(self._fields, by_column, strict=True)
        ]


def kind_of(declared: TypeEngine[Any]) -> Kind:
    """The kind of a SQL type."""
    from sqlalchemy import types

    kinds: tuple[tuple[Any, Kind], ...] = (
        (types.Boolean, "boolean"),
        (types.Integer, "integer"),
        (types.Numeric, "float"),
        (types.Float, "float"),
        (types.DateTime, "time"),
        (types.Date, "time"),
        (types.Time, "time"),
        (types.String, "text"),
        (types.Uuid, "text"),
    )
    return next((kind for known, kind in kinds if isinstance(declared, known)), "other")


def _plain(key: str, value: Any) -> float | int | None:
    if key in ("minimum", "maximum", "mean", "deviation"):
        return None if value is None else float(value)
    return int(value or 0)


def _cell(field: Field, cell: Any) -> Any:
    if field.kind == "other":
        return None if cell is None else str(cell)
    if field.kind == "text":
        return cell
    return float("nan") if cell is None else float(cell)
