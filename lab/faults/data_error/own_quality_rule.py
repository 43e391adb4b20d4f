"""The team's own data quality error, with numbers that look like codes."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """A custom exception class whose text has 500, 403 and 429 as row counts."""
    import logging

    from lab.authoring import task

    log = logging.getLogger("quality")

    class RowCountOutOfRange(Exception):
        pass

    @task
    def check_volume() -> None:
        log.info("table=orders rows=429 expected between 500 and 9403")
        raise RowCountOutOfRange("orders: 429 rows, expected 500..9403 (timeout=30, retries=0)")

    check_volume()


FAULT = Fault(
    name="own_quality_rule",
    family="data_error",
    dag_id="volume_check",
    cause="too few rows",
    states="429 rows, expected 500..9403",
    build=build,
    twin=True,
)
