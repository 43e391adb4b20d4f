"""`@check_data`: what a `@task` function returns is checked before the task ends."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection
from datetime import date
from typing import Any, ParamSpec, TypeVar

from airflow.sdk import get_current_context

from dagnosis.airflow.checks import Mode, Terms, check, mode_of, opened, settle

P = ParamSpec("P")
T = TypeVar("T")


def check_data(
    name: str,
    *,
    partition: str | Callable[[Any], str] = "",
    dataset: Callable[[Any], Any] | None = None,
    table: str = "",
    where: str | Callable[[Any], str] = "",
    mode: Mode = "fail",
    store: str = "",
    false_alarms: float | None = None,
    holidays: Collection[date | str] = (),
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Check the batch that a task function returns; the function's value is passed on as it is.

        @task(outlets=[orders])
        @check_data("orders", mode="warn")
        def load() -> str:
            ...
            return "/data/orders/2026-01-05.parquet"

    The value is a frame (pandas, polars, pyarrow, Spark) or what `DataCheckOperator` takes as `dataset`:
    a path, `conn://CONN_ID` with `table`, a URL. `dataset`, `partition` and `where` may be functions of
    the value. Without a partition it is that of the run. Raises `ValueError` for a mode that is none
    when the Dag is parsed, `DataCheckFailed` for an alarm in mode `fail`.
    """
    mode_of(mode)
    terms = Terms(store, false_alarms, holidays)

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(function)
        def checked(*args: P.args, **kwargs: P.kwargs) -> T:
            value = function(*args, **kwargs)
            context = get_current_context()
            source = value if dataset is None else dataset(value)
            chosen = where(value) if callable(where) else where
            key = partition(value) if callable(partition) else partition
            with opened(source, table, chosen) as engine:
                found = check(context, engine, name, key, terms)
            settle(context, found.finding, found.profile, mode)
            return value

        return checked

    return decorate
