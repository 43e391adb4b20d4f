"""Thousands of lines of a busy, healthy pipeline, logged by a task before and after its own work.

What real tasks print while nothing is wrong: counts of zero errors, tolerated answers, retries that
helped, warnings of libraries, SQL timings, progress of consumers. Half of it comes from loggers,
half from `print`. All words are chosen by a seed; none of them states the cause of any fault.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterator
from typing import Any

_LINES: tuple[tuple[int, str, str], ...] = (
    (logging.INFO, "etl.reader", "read part {a} of 4096 from s3://dwh-landing/day=2026-11-{d}/part-{a:05}.parquet ({b} rows, 0 errors)"),
    (logging.INFO, "etl.reader", "checksum of part {a} ok, crc32={h}"),
    (logging.INFO, "urllib3.connectionpool", "GET /v2/prices?page={a} HTTP/1.1 200 {b}"),
    (logging.INFO, "etl.client", "page {a}: HTTP 404 for retired sku {h}, skipped as configured"),
    (logging.WARNING, "etl.client", "page {a} answered after {c} s, the limit is 30 s"),
    (logging.INFO, "etl.client", "retry 1 of 5 helped, page {a} is complete"),
    (logging.INFO, "sqlalchemy.engine", "SELECT id, amount FROM staging_events WHERE batch = {a} -- {b} rows in {c} ms"),
    (logging.INFO, "etl.loader", "upserted {b} rows into fact_sales, 0 rejected, 0 conflicts"),
    (logging.WARNING, "etl.loader", "column note is {c} % null in batch {a}, below the threshold of 40 %"),
    (logging.INFO, "etl.metrics", "errors=0 failures=0 retries={e} timeout=30 memory={b}MB disk={c}%"),
    (logging.INFO, "kafka.consumer", "partition {e}: offset {b}, lag {c}, no rebalance"),
    (logging.WARNING, "py.warnings", "FutureWarning: the default of observed will change in a later release, row group {a}"),
    (logging.INFO, "etl.quality", "rule not_null(order_id): 0 failed of {b}; rule unique(order_id): 0 failed of {b}"),
    (logging.INFO, "etl.cache", "cache miss for tariff {h}, loaded in {c} ms"),
    (logging.DEBUG, "etl.cache", "evicted tariff {h}"),
    (logging.INFO, "etl.pool", "worker {e} finished chunk {a} with exit code 0"),
    (logging.ERROR, "etl.audit", "error report of batch {a}: no entries"),
    (logging.INFO, "", "chunk {a:>5} |{bar:<20}| {c} % {b} rows/s"),
    (logging.INFO, "", "[{d}:{e}] store {h}: exported {b} receipts, failed 0, denied 0"),
    (logging.INFO, "", "WARN  Utils: task {a} took {c} ms, speculation is off"),
    (logging.INFO, "", "{{\"level\": \"info\", \"msg\": \"batch stored\", \"batch\": {a}, \"rows\": {b}, \"error\": null}}"),
    (logging.INFO, "", "  customer_id={b} country=DE status=ok"),
)  # fmt: skip
"""Level, logger ("" for print), text."""


def lines(seed: str, count: int) -> Iterator[tuple[int, str, str]]:
    """`count` lines as (level, logger, text); the same seed gives the same lines."""
    source = random.Random(seed)
    for number in range(count):
        level, logger, text = source.choice(_LINES)
        share = source.randrange(1, 30)
        yield level, logger, text.format(
            a=number + 1, b=source.randrange(100, 99_000), c=share, d=source.randrange(10, 29),
            e=source.randrange(0, 6), h=f"{source.getrandbits(32):08x}", bar="#" * (share * 20 // 30),
        )  # fmt: skip


def say(seed: str, count: int) -> None:
    """Log and print them."""
    for level, logger, text in lines(seed, count):
        if logger:
            logging.getLogger(logger).log(level, "%s", text)
        else:
            print(text, flush=True)


def surround(dag: Any, count: int) -> None:
    """Make every task of a DAG say `count` lines, four fifths before its own work, the rest after
    it has failed. Mapped tasks stay as they are: many tries would each say them."""
    for operator in dag.tasks:
        if not hasattr(operator, "_pre_execute_hook"):
            continue
        seed = f"{dag.dag_id} {operator.task_id}"
        operator._pre_execute_hook = _speaker(f"{seed} before", count * 4 // 5)
        present = operator.on_failure_callback or []
        present = list(present) if isinstance(present, (list, tuple)) else [present]
        operator.on_failure_callback = [*present, _speaker(f"{seed} after", count // 5)]


def _speaker(seed: str, count: int) -> Callable[..., None]:
    def speak(context: Any) -> None:
        say(seed, count)

    return speak
